using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Hopper;

/// <summary>Writes the instructions of <see cref="Warpgroup"/> that name its sums, the registers <c>%sum1</c> to <c>%sum128</c>.</summary>
internal static class WarpgroupCode
{
    private const int Sums = 64 * WarpgroupProduct.TileColumns / 128;

    private static readonly string _names = string.Join(", ", Enumerable.Range(1, Sums).Select(index => $"%sum{index}"));

    /// <summary>Teaches a context the instructions.</summary>
    public static void Register(Context context)
    {
        var manager = context.GetIntrinsicManager();
        foreach (var (name, writer) in ((string, string)[])[(nameof(Warpgroup.Clear), nameof(Clear)), (nameof(Warpgroup.MultiplyAdd), nameof(MultiplyAdd)), (nameof(Warpgroup.Sums), nameof(Read))])
            manager.RegisterMethod(typeof(Warpgroup).GetMethod(name)!, new PTXIntrinsic(typeof(WarpgroupCode), writer, IntrinsicImplementationMode.GenerateCode, CudaArchitecture.SM_90));
    }

    private static void Clear(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        generator.Command($".reg .f32 %sum<{Sums + 1}>");
        generator.Command(".reg .pred %adds");
        generator.Command("setp.eq.u32 %adds, 0, 0");
        for (var i = 1; i <= Sums; i++)
            generator.Command($"mov.f32 %sum{i}, 0f00000000");
    }

    private static void MultiplyAdd(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string[] operands = [.. value.Nodes.ToArray().Select(argument => Text(generator.Load(argument)))];
        generator.Command($"wgmma.mma_async.sync.aligned.m64n{WarpgroupProduct.TileColumns}k16.f32.bf16.bf16 {{{_names}}}, {operands[0]}, {operands[1]}, %adds, 1, 1, {operands[2]}, {operands[3]}");
    }

    private static void Read(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        var number = 1;
        foreach (var register in ((PTXRegisterAllocator.CompoundRegister)generator.Allocate(value)).Children)
            generator.Command($"mov.f32 {Text(register)}, %sum{number++}");
    }

    private static string Text(PTXRegisterAllocator.Register register) => register is PTXRegisterAllocator.ConstantRegister constant
        ? $"{constant.Value.Int64Value}"
        : $"%{PTXRegisterAllocator.GetStringRepresentation((PTXRegisterAllocator.HardwareRegister)register)}";
}
