using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// Asks memory for the panels of both matrices that come next, a few cache lines between one tile and the next: without it every stretch
/// would begin with misses.
/// </summary>
internal unsafe ref struct PanelPrefetch
{
    private const int LineBytes = 64;

    private readonly nint _bytesPerCall;
    private readonly byte* _leftEnd;
    private readonly byte* _rightEnd;
    private byte* _left;
    private byte* _right;

    /// <param name="left">The next panels of the left matrix.</param>
    /// <param name="leftLength">How many floats they are.</param>
    /// <param name="right">The next panels of the right matrix.</param>
    /// <param name="rightLength">How many floats they are.</param>
    /// <param name="calls">How often <see cref="Advance"/> will be called.</param>
    public PanelPrefetch(float* left, nint leftLength, float* right, nint rightLength, int calls)
    {
        _left = (byte*)left;
        _right = (byte*)right;
        _leftEnd = (byte*)(left + (Sse.IsSupported ? leftLength : 0));
        _rightEnd = (byte*)(right + (Sse.IsSupported ? rightLength : 0));
        _bytesPerCall = (nint)(leftLength + rightLength) * sizeof(float) / calls / LineBytes * LineBytes + LineBytes;
    }

    /// <summary>Asks for the next few lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        if (_left < _leftEnd)
            Ask(ref _left, _leftEnd);
        else if (_right < _rightEnd)
            Ask(ref _right, _rightEnd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Ask(ref byte* next, byte* end)
    {
        var stop = (byte*)Math.Min((nuint)(next + _bytesPerCall), (nuint)end);
        for (; next < stop; next += LineBytes)
            Sse.Prefetch1(next);
    }
}
