using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Makes ILGPU's compiler write the instructions that methods say they are.</summary>
internal static partial class PtxCompiler
{
    private const BindingFlags Methods = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Teaches a context the instructions. Accelerators that it makes afterwards know them.</summary>
    public static void Register(Context context)
    {
        var manager = context.GetIntrinsicManager();
        foreach (var method in (MethodInfo[])[.. typeof(Ptx).GetMethods(Methods), .. typeof(TensorCore).GetMethods(Methods), .. typeof(Warpgroup).GetMethods(Methods)])
        {
            if (method.GetCustomAttribute<PtxInstructionAttribute>() is not { } instruction)
                continue;
            manager.RegisterMethod(method, new PTXIntrinsic(
                typeof(PtxCompiler), nameof(Emit), IntrinsicImplementationMode.GenerateCode, instruction.BeforeSm80 is null ? CudaArchitecture.SM_30 : CudaArchitecture.SM_80));
            if (instruction.BeforeSm80 is { } older)
                manager.RegisterMethod(method, new PTXIntrinsic(method.DeclaringType!.GetMethod(older, Methods)!, IntrinsicImplementationMode.Redirect, null, CudaArchitecture.SM_80));
        }
        WarpgroupCode.Register(context);
    }

    /// <summary>Compiles a kernel.</summary>
    /// <param name="backend">The compiler; its context has been taught our instructions.</param>
    /// <param name="kernel">The kernel's method.</param>
    public static PTXCompiledKernel Compile(PTXBackend backend, MethodInfo kernel)
    {
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), LaunchBoundsAttribute.Of(kernel));
        // ILGPU knows of no architecture whose name ends in a letter.
        if (kernel.GetCustomAttribute<PtxTargetAttribute>() is { } target)
            TextOf(compiled) = Header().Replace(compiled.PTXAssembly, $".version {target.Version}$1.target {target.Name}", 1);
        return compiled;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string TextOf(PTXCompiledKernel kernel);

    [GeneratedRegex(@"\.version \S+(\s+)\.target \S+")]
    private static partial Regex Header();

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
