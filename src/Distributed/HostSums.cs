using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Distributed;

/// <summary>Sums of what several ranks have, in the host's memory: in the order of the ranks, 16-bit numbers in float32 with one rounding at the end.</summary>
internal static unsafe class HostSums
{
    /// <summary>Adds up.</summary>
    /// <param name="parts">What each has.</param>
    /// <param name="destination">Takes the sum; may be one of the parts.</param>
    /// <param name="count">How many elements each has.</param>
    /// <param name="type">What they are.</param>
    public static void Add(ReadOnlySpan<nint> parts, nint destination, long count, WireType type)
    {
        switch (type)
        {
            case WireType.Float16:
                Add<Float16Format>(parts, destination, count);
                break;
            case WireType.BFloat16:
                Add<BFloat16Format>(parts, destination, count);
                break;
            case WireType.Float32:
                Add<Float32Format>(parts, destination, count);
                break;
            case WireType.Float64:
                AddDoubles(parts, (double*)destination, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "type must be one of Float16, BFloat16, Float32, Float64.");
        }
    }

    private static void Add<TFormat>(ReadOnlySpan<nint> parts, nint destination, long count) where TFormat : IFormat
    {
        var whole = count - count % Floats8.Count;
        Add<TFormat, Floats8>(parts, destination, 0, whole);
        Add<TFormat, Floats1>(parts, destination, whole, count);
    }

    private static void Add<TFormat, TFloats>(ReadOnlySpan<nint> parts, nint destination, long start, long end)
        where TFormat : IFormat
        where TFloats : unmanaged, IFloats<TFloats>
    {
        for (var i = start; i < end; i += TFloats.Count)
        {
            var offset = (nint)(i * TFormat.Size);
            var sum = TFormat.Load<TFloats>((void*)(parts[0] + offset));
            for (var part = 1; part < parts.Length; part++)
                sum = TFloats.Add(sum, TFormat.Load<TFloats>((void*)(parts[part] + offset)));
            TFormat.Store(TFormat.Round(sum), (void*)(destination + offset));
        }
    }

    private static void AddDoubles(ReadOnlySpan<nint> parts, double* destination, long count)
    {
        long i = 0;
        for (; i <= count - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            var sum = Vector256.Load((double*)parts[0] + i);
            for (var part = 1; part < parts.Length; part++)
                sum += Vector256.Load((double*)parts[part] + i);
            sum.Store(destination + i);
        }
        for (; i < count; i++)
        {
            var sum = ((double*)parts[0])[i];
            for (var part = 1; part < parts.Length; part++)
                sum += ((double*)parts[part])[i];
            destination[i] = sum;
        }
    }
}
