using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Types;
using ILGPU.IR.Values;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// The instructions that GPU kernels compute and reach memory with. In PTX each is one instruction that names its rounding and its width;
/// on ILGPU's CPU accelerator it is the same operation in C#.
/// </summary>
/// <remarks>
/// ILGPU writes <c>a * b + c</c> without a rounding, and the assembler fuses what has none; and how wide it reaches memory depends on what it
/// can prove of an address.
/// </remarks>
internal static unsafe class Ptx
{
    [IntrinsicImplementation, PtxInstruction("add.rn.f32")]
    public static float Add(float a, float b) => a + b;

    [IntrinsicImplementation, PtxInstruction("sub.rn.f32")]
    public static float Subtract(float a, float b) => a - b;

    [IntrinsicImplementation, PtxInstruction("mul.rn.f32")]
    public static float Multiply(float a, float b) => a * b;

    [IntrinsicImplementation, PtxInstruction("div.rn.f32")]
    public static float Divide(float a, float b) => a / b;

    [IntrinsicImplementation, PtxInstruction("fma.rn.f32")]
    public static float FusedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [IntrinsicImplementation, PtxInstruction("sqrt.rn.f32")]
    public static float Sqrt(float a) => MathF.Sqrt(a);

    [IntrinsicImplementation, PtxInstruction("neg.f32")]
    public static float Negate(float a) => -a;

    /// <summary>The larger of two numbers; of a number and NaN, the number.</summary>
    [IntrinsicImplementation, PtxInstruction("max.f32")]
    public static float MaxNumber(float a, float b) => float.IsNaN(a) ? b : float.IsNaN(b) ? a : MathF.Max(a, b);

    /// <summary>The bits of a binary16 as a float.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.f32.f16")]
    public static float HalfToFloat(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>The bits of the nearest binary16, ties to even.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rn.f16.f32")]
    public static ushort FloatToHalf(float value) => BitConverter.HalfToUInt16Bits((System.Half)value);

    /// <summary>One float.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.f32")]
    public static float LoadOne(float* source) => *source;

    /// <summary>Stores one float.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.f32")]
    public static void StoreOne(float* destination, float value) => *destination = value;

    /// <summary>One 16-bit number.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.u16")]
    public static ushort LoadOne(ushort* source) => *source;

    /// <summary>Stores one 16-bit number.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.u16")]
    public static void StoreOne(ushort* destination, ushort value) => *destination = value;

    /// <summary>Four floats at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v4.f32")]
    public static Float4 LoadFour(float* source) => *(Float4*)source;

    /// <summary>Stores four floats at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v4.f32")]
    public static void StoreFour(float* destination, Float4 value) => *(Float4*)destination = value;

    /// <summary>Four 16-bit numbers at an address that is a multiple of 8.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v2.b32")]
    public static UInt2 LoadFour(ushort* source) => *(UInt2*)source;

    /// <summary>Stores four 16-bit numbers at an address that is a multiple of 8.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v2.b32")]
    public static void StoreFour(ushort* destination, UInt2 value) => *(UInt2*)destination = value;

    /// <summary>Teaches a context the instructions. Accelerators that it makes afterwards know them.</summary>
    public static void Register(Context context)
    {
        var manager = context.GetIntrinsicManager();
        foreach (var method in typeof(Ptx).GetMethods().Where(method => method.IsDefined(typeof(PtxInstructionAttribute))))
            manager.RegisterMethod(method, new PTXIntrinsic(typeof(Ptx), nameof(Emit), IntrinsicImplementationMode.GenerateCode));
    }

    /// <summary>Writes the instruction that a method says it is: results, then arguments, where a pointer is the memory that it points to.</summary>
    private static void Emit(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var call = (MethodCall)value;
        var instruction = call.Target.Source.GetCustomAttribute<PtxInstructionAttribute>()!.Instruction;
        List<(PTXRegisterAllocator.Register Register, bool IsAddress)> operands = [];
        if (!call.Type.IsVoidType)
            operands.Add((generator.Allocate(call), false));
        foreach (var argument in call.Nodes)
            operands.Add((generator.Load(argument), argument.Type is PointerType));

        using var command = generator.BeginCommand(instruction);
        foreach (var (register, isAddress) in operands)
        {
            if (isAddress)
                command.AppendArgumentValue((PTXRegisterAllocator.HardwareRegister)register);
            else if (register is PTXRegisterAllocator.CompoundRegister compound)
                command.AppendVectorArgument([.. compound.Children.Cast<PTXRegisterAllocator.PrimitiveRegister>()]);
            else
                command.AppendArgument((PTXRegisterAllocator.PrimitiveRegister)register);
        }
    }
}
