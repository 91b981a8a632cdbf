using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// Asks memory for the panels of both matrices that come next, a cache line at a time while a tile sums: without it every stretch would begin with
/// misses, and many lines at once would keep the tile's own loads waiting.
/// </summary>
/// <param name="first">The next panels of one matrix.</param>
/// <param name="firstLength">How many floats they are.</param>
/// <param name="second">The next panels of the other.</param>
/// <param name="secondLength">How many floats they are.</param>
internal unsafe ref struct PanelPrefetch(float* first, nint firstLength, float* second, nint secondLength)
{
    /// <summary>
    /// Inner indices between one line and the next: the panels of a large block are asked for in two thirds of its time. Tiles write as many steps in a row.
    /// </summary>
    public const int Interval = 4;

    private const int LineBytes = 64;

    private byte* _next = (byte*)first;
    private byte* _end = (byte*)(first + (Sse.IsSupported ? firstLength : 0));
    private readonly byte* _second = (byte*)second;
    private nint _secondBytes = (Sse.IsSupported ? secondLength : 0) * sizeof(float);

    /// <summary>Turns to the other matrix where the first is done; between tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Turn()
    {
        if (_next >= _end)
        {
            _next = _second;
            _end = _second + _secondBytes;
            _secondBytes = 0;
        }
    }

    /// <summary>Asks for the next line, if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        if (_next < _end)
        {
            Sse.Prefetch1(_next);
            _next += LineBytes;
        }
    }
}
