using System.Reflection;
using System.Text.RegularExpressions;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>A kernel of the library, which becomes PTX without a GPU being there.</summary>
/// <param name="Name">What it does, and its element types: of an update, those of parameters, gradients and state, and whether it computes in float all the same.</param>
/// <param name="Method">The kernel.</param>
/// <param name="Minimum">The oldest architecture that has its instructions, or the only one if the kernel names a <see cref="PtxTargetAttribute"/>; any if null.</param>
/// <param name="Work">What a thread does in a round of the main loop of a kernel that goes element by element; null for others.</param>
internal sealed partial record GpuKernel(string Name, MethodInfo Method, CudaArchitecture? Minimum = null, GpuWork? Work = null)
{
    /// <summary>The architectures that PTX is made for.</summary>
    public static IReadOnlyList<(CudaArchitecture Architecture, CudaInstructionSet InstructionSet)> Architectures { get; } =
    [
        (CudaArchitecture.SM_75, CudaInstructionSet.ISA_63),
        (CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
        (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
        (new CudaArchitecture(10, 0), new CudaInstructionSet(8, 6)),
    ];

    /// <summary>The kernels that an architecture can run.</summary>
    public static IEnumerable<GpuKernel> For(CudaArchitecture architecture) => All.Concat(Variants).Where(kernel => kernel.RunsOn(architecture));

    /// <summary>Whether an architecture can run it.</summary>
    public bool RunsOn(CudaArchitecture architecture) =>
        Minimum is not { } minimum || architecture == minimum || (architecture > minimum && Method.GetCustomAttribute<PtxTargetAttribute>() is null);

    /// <summary>Compiles the kernel.</summary>
    /// <remarks>Each time in a context of its own: numbers in names are then the same each time, and one that failed harms no other.</remarks>
    public string Compile(CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        PtxCompiler.Register(context);
        using var backend = new PTXBackend(context, architecture, instructionSet, null!);
        return Compile(backend);
    }

    /// <summary>Its PTX, by a compiler that knows the functions of other kernels already, which is several times faster.</summary>
    /// <param name="backend">The compiler; its context has been taught our instructions. For one thread at a time.</param>
    public string Compile(PTXBackend backend)
    {
        return Tidy(PtxCompiler.Compile(backend, Method).PTXAssembly.ReplaceLineEndings("\n"));
    }

    /// <summary>Leaves out what nothing calls, and names parameters and labels so that the same kernel is always the same text.</summary>
    private static string Tidy(string ptx)
    {
        var labels = new Dictionary<string, string>();
        ptx = Uncalled().Replace(ptx, "");
        ptx = ParameterName().Replace(ptx, "$1");
        return Label().Replace(ptx, match => labels.TryGetValue(match.Value, out var name) ? name : labels[match.Value] = $"L{labels.Count + 1}");
    }

    /// <summary>A rule's name; <c>Transformed.AdamRule</c> for one within another, <c>AdamRule-FactorDecay</c> for a variant.</summary>
    internal static string NameOf(Type rule)
    {
        if (!rule.IsGenericType)
            return rule.Name;
        var parts = rule.GenericTypeArguments.Select(NameOf).ToArray();
        return rule.GetGenericTypeDefinition() == typeof(TransformedRule<>) ? $"Transformed.{parts[0]}" : string.Join('-', parts);
    }

    /// <summary>Functions that ILGPU declares and writes for methods that became instructions; nothing calls them.</summary>
    [GeneratedRegex(@"^\.visible \.func (?:(?!^\.visible)[\s\S])*", RegexOptions.Multiline)]
    private static partial Regex Uncalled();

    [GeneratedRegex(@"\b_(\w+)_\d+\b")]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"\bL_\d+\b")]
    private static partial Regex Label();
}
