using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The squares of a strand, see <see cref="NormOrder"/>.</summary>
internal struct GpuSquares
{
    private double _sum0;
    private double _sum1;
    private double _sum2;
    private double _sum3;

    public readonly double Sum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _sum0 + _sum2 + (_sum1 + _sum3);
    }

    /// <summary>Adds those of four neighbours.</summary>
    /// <param name="four">The numbers.</param>
    /// <param name="count">How many of them there are, or more.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Float4 four, int count)
    {
        if (count > 0)
            _sum0 += Square(four.X);
        if (count > 1)
            _sum1 += Square(four.Y);
        if (count > 2)
            _sum2 += Square(four.Z);
        if (count > 3)
            _sum3 += Square(four.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Square(float value) => (double)value * value;
}
