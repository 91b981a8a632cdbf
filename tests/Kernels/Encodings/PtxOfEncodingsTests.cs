using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>What encodings do to one number, compiled for cards: in registers, without a branch.</summary>
internal sealed class PtxOfEncodingsTests
{
    [TestCase(nameof(EncodeDynamic8), typeof(Signed))]
    [TestCase(nameof(EncodeDynamic8), typeof(Unsigned))]
    [TestCase(nameof(DecodeDynamic8), typeof(Signed))]
    [TestCase(nameof(DecodeDynamic8), typeof(Unsigned))]
    [TestCase(nameof(EncodeScaledFloat16), typeof(Nearest))]
    [TestCase(nameof(EncodeScaledFloat16), typeof(Stochastic))]
    public void CompilesWithoutMemoryOrBranches(string kernel, Type argument)
    {
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        PtxCompiler.Register(context);
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        var method = GetType().GetMethod(kernel)!.MakeGenericMethod(argument);
        var assembly = ((PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(method), default)).PTXAssembly;
        TestContext.Out.WriteLine($"{assembly.Split('\n').Count(line => line.EndsWith(';') && line.StartsWith('\t') && !line.StartsWith("\t.", StringComparison.Ordinal))} instructions");
        Assert.That(assembly, Does.Not.Contain("call").And.Not.Contain(".local").And.Not.Contain("bra").And.Not.Contain("f64"));
    }

    public static void EncodeDynamic8<TSign>(ArrayView<float> ratios, ArrayView<float> random, ArrayView<int> codes) where TSign : ISign =>
        codes[Grid.IdxX] = Dynamic8Code<TSign>.Encode(ratios[Grid.IdxX], random[Grid.IdxX]);

    public static void DecodeDynamic8<TSign>(ArrayView<int> codes, ArrayView<float> values) where TSign : ISign =>
        values[Grid.IdxX] = Dynamic8Code<TSign>.Decode(codes[Grid.IdxX]);

    public static void EncodeScaledFloat16<TRounding>(ArrayView<float> values, ArrayView<ushort> random, ArrayView<ushort> halves, ArrayView<float> scales) where TRounding : IRounding
    {
        var value = values[Grid.IdxX];
        var scale = ScaledFloat16Code<TRounding>.Scale(Interop.FloatAsInt(value) & Blocks.Magnitude);
        scales[Grid.IdxX] = scale;
        halves[Grid.IdxX] = ScaledFloat16Code<TRounding>.Encode(value * ScaledFloat16Code<TRounding>.Inverse(scale), random[Grid.IdxX]);
    }
}
