using System.Text.RegularExpressions;

namespace GpuOptim.Tests.Ptx;

/// <summary>What holds for every kernel.</summary>
public sealed partial class CommittedKernelTests
{
    /// <summary>
    /// No local memory, nothing called or to be found elsewhere, nothing approximate but the estimates that are corrected, and no float arithmetic whose rounding, and so whose
    /// fusing, is left to the assembler. Doubles only sum squares of floats, which are exact, fused or not.
    /// </summary>
    [Test]
    public void LeavesNothingToTheAssembler([ValueSource(typeof(CommittedKernel), nameof(CommittedKernel.All))] CommittedKernel kernel) => AssertSound(kernel.Text);

    /// <summary>The same of any kernel's PTX.</summary>
    public static void AssertSound(string ptx)
    {
        Assert.That(ptx, Does.Contain(".entry Kernel_").And.Not.Contain(".local").And.Not.Contain(".extern .func").And.Not.Contain("call"));
        Assert.That(Approximate().Matches(ptx).Select(match => match.Value).Distinct(), Is.SubsetOf(["rcp.approx.ftz.f32", "rsqrt.approx.ftz.f32"]));
        Assert.That(UnroundedArithmetic().Matches(ptx).Select(match => match.Value), Is.Empty);
    }

    [GeneratedRegex(@"\b\w+\.approx[\w.]*")]
    private static partial Regex Approximate();

    [GeneratedRegex(@"\b(add|sub|mul|mad|div|sqrt|fma)\.f32")]
    private static partial Regex UnroundedArithmetic();
}
