using System.Reflection;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Every kernel becomes OpenCL C, with no OpenCL device there.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class OpenCLCompilerTests
{
    private static readonly Dictionary<Type, Type> _counterparts = new()
    {
        [typeof(UpdateKernel<,,,,>)] = typeof(OpenCLUpdateKernel<,,,,>),
        [typeof(MomentumKernel<,,,,>)] = typeof(OpenCLMomentumKernel<,,,,>),
        [typeof(NormKernel<,>)] = typeof(OpenCLNormKernel<,>),
        [typeof(AddIdentityKernel<>)] = typeof(OpenCLAddIdentityKernel<>),
        [typeof(DeviationKernel<>)] = typeof(OpenCLDeviationKernel<>),
        [typeof(NormalizeKernel<,>)] = typeof(OpenCLNormalizeKernel<,>),
        [typeof(TiledProduct<,,,>)] = typeof(OpenCLProductKernel<,,,>),
        [typeof(CompleteStepKernel)] = typeof(OpenCLCompleteStepKernel),
        [typeof(ScaleKernel<>)] = typeof(ScaleKernel<>),
    };

    private Context _context = null!;
    private CLBackend _backend = null!;

    [OneTimeSetUp]
    public void MakeCompiler()
    {
        _context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        var capabilities = new CLCapabilityContext(float16: false, float64: true, genericAddressSpace: true, int64_Atomics: false, subGroups: false);
        _backend = OpenCLCompiler.CreateBackend(_context, capabilities, CLDeviceVendor.Other, CLCVersion.CL30);
    }

    [OneTimeTearDown]
    public void CloseCompiler()
    {
        _backend.Dispose();
        _context.Dispose();
    }

    /// <summary>Parts of the names of kernels that OpenCL refuses: those that measure neurons, rows and columns, and tensors.</summary>
    private static readonly string[] _refused = ["Neuron", "Factored", "TensorRules"];

    /// <summary>All that are committed as PTX but those of tensor cores, and what is refused. A new one needs its counterpart in OpenCL, too.</summary>
    public static IEnumerable<GpuKernel> Kernels => GpuKernel.All.Where(kernel => kernel.Minimum is null && !_refused.Any(name => kernel.Name.StartsWith(name, StringComparison.Ordinal)));

    [Test]
    public void EveryKernelCompiles([ValueSource(nameof(Kernels))] GpuKernel kernel)
    {
        var source = OpenCLCompiler.Compile(_backend, Counterpart(kernel.Method)).Source;
        Assert.That(source, Does.StartWith("#pragma OPENCL FP_CONTRACT OFF").And.Contains("kernel void"));
        Assert.That(source, Does.Not.Contain("half "), "a type that few devices have");
    }

    [Test]
    public void AKernelIsAlwaysTheSameText()
    {
        var kernel = Counterpart(GpuKernel.All.First(kernel => kernel.Name == "AdamRule.Float32.Float32.Float32").Method);
        var first = OpenCLCompiler.Compile(_backend, kernel).Source;
        Assert.That(OpenCLCompiler.Compile(_backend, kernel).Source, Is.EqualTo(first));
    }

    private static MethodInfo Counterpart(MethodInfo kernel)
    {
        var type = kernel.DeclaringType!;
        if (!type.IsGenericType)
            return _counterparts[type].GetMethod("Run")!;
        return _counterparts[type.GetGenericTypeDefinition()].MakeGenericType(type.GetGenericArguments()).GetMethod("Run")!;
    }
}
