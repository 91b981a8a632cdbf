using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>The processor's bfloat16 dot instruction, <c>VDPBF16PS</c>, which .NET does not offer: machine code, made once.</summary>
internal readonly unsafe struct HardwareDot : IDotLoop
{
    /// <summary>The environment variable that chooses it wherever it is right, with 1, or never, with 0.</summary>
    public const string Variable = "GPUOPTIM_BFLOAT16_DOT";

    private static readonly Lazy<bool> _isRight = new(DotCheck.Passes<HardwareDot>);
    private static readonly Lazy<bool> _isFaster = new(DotCheck.IsFaster<HardwareDot>);

    /// <summary>Whether products of bfloat16 matrices take it: where it wins a race against multiply-adds, if nothing else is said.</summary>
    /// <exception cref="ArgumentException">The environment variable is neither 0 nor 1.</exception>
    public static bool IsChosen => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => IsPresent && !IsIntels && IsRight && _isFaster.Value,
        "0" => false,
        "1" => IsRight,
        var other => throw new ArgumentException($"{Variable} must be 0 or 1. Actual value was '{other}'."),
    };

    /// <summary>Whether it is there, memory may be executable, and what it computes was checked.</summary>
    public static bool IsRight => IsPresent && DotCode.Function != null && _isRight.Value;

    /// <summary>Whether the processor has the instruction, and the system lets programs use its registers.</summary>
    public static bool IsPresent
    {
        get
        {
            const int ExtendedFeatures = 7, BFloat16 = 1 << 5;
            return X86Base.X64.IsSupported && Avx512F.IsSupported && Vector512.IsHardwareAccelerated
                && X86Base.CpuId(0, 0).Eax >= ExtendedFeatures
                && X86Base.CpuId(ExtendedFeatures, 0).Eax >= 1
                && (X86Base.CpuId(ExtendedFeatures, 1).Eax & BFloat16) != 0;
        }
    }

    /// <summary>
    /// Whether it is Intel's, which need not race: on Emerald Rapids it takes two cycles, in which four multiply-adds of floats do twice its work. On AMD's
    /// Zen 5 PyTorch's products with it exceed the peak of multiply-adds.
    /// </summary>
    private static bool IsIntels
    {
        get
        {
            const int Genu = 0x756E_6547;
            return X86Base.CpuId(0, 0).Ebx == Genu;
        }
    }

    // It is short, and calls nothing: the collector can wait for it.
    public static void Run(DotBlock* block) => DotCode.Function(block);
}
