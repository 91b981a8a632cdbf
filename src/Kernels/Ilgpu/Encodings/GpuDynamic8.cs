using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The numbers of <see cref="Dynamic8{TSign, TRounding}"/>.</summary>
internal readonly struct GpuDynamic8<TSign, TRounding> : IGpuEncoding
    where TSign : ISign
    where TRounding : IRounding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize { [MethodImpl(Inline)] get => 1; }

    public static int CompanionSize { [MethodImpl(Inline)] get => 0; }

    public static bool HasBlocks { [MethodImpl(Inline)] get => true; }

    public static bool IsRandom { [MethodImpl(Inline)] get => TRounding.IsStochastic; }

    [MethodImpl(Inline)]
    public static float Decode(uint number, uint companion) => Ptx.Multiply(Dynamic8Code<TSign>.Decode((int)number), Interop.IntAsFloat(companion));

    /// <remarks>Nothing is multiplied by zero but what is to be zero all the same.</remarks>
    [MethodImpl(Inline)]
    public static UInt2 ScaleOf(uint largest)
    {
        bool isTiny = largest < Blocks.SmallestNormal, isNumber = largest < Blocks.Infinity;
        var inverse = Interop.FloatAsInt(Ptx.Divide(1, Interop.IntAsFloat(largest)));
        return new(
            Utilities.Select(isTiny, 0u, Utilities.Select(isNumber, largest, Interop.FloatAsInt(float.NaN))),
            Utilities.Select(isTiny | !isNumber, 0u, inverse));
    }

    [MethodImpl(Inline)]
    public static UInt2 Encode(float value, uint factor, uint random)
    {
        var u = TRounding.IsStochastic ? Ptx.Multiply((float)(int)(random | 1), Dynamic8Code<TSign>.RandomStep) : Dynamic8Code<TSign>.Half;
        var code = (uint)Dynamic8Code<TSign>.Encode(Ptx.Multiply(value, Interop.IntAsFloat(factor)), u);
        return new(Utilities.Select(factor == 0, 0u, code), 0);
    }
}
