using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VirtualCard.Execution;

/// <content>The active lanes as masks of vectors, for each size of a lane.</content>
internal sealed unsafe partial class Warp
{
    private byte* _masks;

    // The lanes for which each mask was made.
    private uint _maskOf8, _maskOf16, _maskOf32, _maskOf64;

    /// <summary>For each lane whether it is active, as a lane of this type with all bits set or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Mask<T>()
        where T : unmanaged
    {
        switch (sizeof(T))
        {
            case 1:
                if (_maskOf8 != Active || Active == 0)
                    Expand8();
                return _masks;
            case 2:
                if (_maskOf16 != Active || Active == 0)
                    Expand16();
                return _masks + Lanes.Count;
            case 4:
                if (_maskOf32 != Active || Active == 0)
                    Expand32();
                return _masks + 3 * Lanes.Count;
            default:
                if (_maskOf64 != Active || Active == 0)
                    Expand64();
                return _masks + 7 * Lanes.Count;
        }
    }

    private void Expand8()
    {
        _maskOf8 = Active;
        for (var lane = 0; lane < Lanes.Count; lane++)
            _masks[lane] = (byte)-(int)(Active >> lane & 1);
    }

    private void Expand16()
    {
        _maskOf16 = Active;
        var mask = (short*)(_masks + Lanes.Count);
        for (var lane = 0; lane < Lanes.Count; lane++)
            mask[lane] = (short)-(int)(Active >> lane & 1);
    }

    private void Expand32()
    {
        _maskOf32 = Active;
        var mask = (int*)(_masks + 3 * Lanes.Count);
        var bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        for (var i = 0; i < 4; i++)
            Vector256.Equals(Vector256.Create((int)(Active >> 8 * i)) & bits, bits).Store(mask + 8 * i);
    }

    private void Expand64()
    {
        _maskOf64 = Active;
        var mask = (long*)(_masks + 7 * Lanes.Count);
        var bits = Vector256.Create(1L, 2, 4, 8);
        for (var i = 0; i < 8; i++)
            Vector256.Equals(Vector256.Create((long)(Active >> 4 * i)) & bits, bits).Store(mask + 4 * i);
    }
}
