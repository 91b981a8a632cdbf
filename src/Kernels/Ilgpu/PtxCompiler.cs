using System.Globalization;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Makes ILGPU's compiler write the instructions that methods say they are.</summary>
internal static class PtxCompiler
{
    private const BindingFlags Methods = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Teaches a context the instructions. Accelerators that it makes afterwards know them.</summary>
    public static void Register(Context context)
    {
        var manager = context.GetIntrinsicManager();
        foreach (var method in (MethodInfo[])[.. typeof(Ptx).GetMethods(Methods), .. typeof(TensorCore).GetMethods(Methods)])
        {
            if (method.GetCustomAttribute<PtxInstructionAttribute>() is not { } instruction)
                continue;
            manager.RegisterMethod(method, new PTXIntrinsic(
                typeof(PtxCompiler), nameof(Emit), IntrinsicImplementationMode.GenerateCode, instruction.BeforeSm80 is null ? CudaArchitecture.SM_30 : CudaArchitecture.SM_80));
            if (instruction.BeforeSm80 is { } older)
                manager.RegisterMethod(method, new PTXIntrinsic(method.DeclaringType!.GetMethod(older, Methods)!, IntrinsicImplementationMode.Redirect, null, CudaArchitecture.SM_80));
        }
    }

    private static void Emit(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var call = (MethodCall)value;
        var instruction = call.Target.Source.GetCustomAttribute<PtxInstructionAttribute>()!;
        List<PTXRegisterAllocator.Register> registers = [];
        if (!call.Type.IsVoidType)
            registers.Add(generator.Allocate(call));
        foreach (var argument in call.Nodes)
            registers.Add(generator.Load(argument));

        using var command = generator.BeginCommand(instruction.Instruction);
        var operands = instruction.Operands?.Split(", ") ?? Enumerable.Range(0, registers.Count).Select(index => $"{{{index}}}");
        foreach (var operand in operands)
        {
            var name = operand.Trim('[', ']');
            if (name[0] != '{')
                command.AppendConstant(long.Parse(name, CultureInfo.InvariantCulture));
            else if (registers[int.Parse(name.AsSpan(1, 1), CultureInfo.InvariantCulture)] is PTXRegisterAllocator.CompoundRegister compound)
                command.AppendVectorArgument([.. compound.Children.Cast<PTXRegisterAllocator.PrimitiveRegister>()]);
            else if (registers[int.Parse(name.AsSpan(1, 1), CultureInfo.InvariantCulture)] is var register && operand[0] == '[')
                command.AppendArgumentValue((PTXRegisterAllocator.HardwareRegister)register);
            else
                command.AppendArgument((PTXRegisterAllocator.PrimitiveRegister)register);
        }
    }
}
