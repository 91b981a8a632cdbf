using BenchmarkDotNet.Attributes;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Microbenchmarks;

/// <summary>Loops at every vector width of the machine, on memory of their own.</summary>
public abstract unsafe class VectorBenchmark
{
    private readonly List<NativeBlock> _memory = [];
    private readonly Random _random = new(1);

    /// <summary>The widths; 32 is one float at a time.</summary>
    public static IReadOnlyList<int> Widths => SimdDevice.VectorWidths;

    /// <summary>Width of the vectors.</summary>
    [ParamsSource(nameof(Widths))]
    public int VectorBits { get; set; }

    /// <summary>Gives the memory back.</summary>
    [GlobalCleanup]
    public void Free() => _memory.ForEach(block => block.Dispose());

    /// <summary>Runs a loop. The calls are direct, so that a disassembler finds their ends.</summary>
    private protected void AtWidth<TLoop>(in TLoop loop) where TLoop : struct, IVectorLoop
    {
        switch (VectorBits)
        {
            case 512: loop.Run<Floats16>(); break;
            case 256: loop.Run<Floats8>(); break;
            case 128: loop.Run<Floats4>(); break;
            default: loop.Run<Floats1>(); break;
        }
    }

    /// <summary>Memory on a cache line's boundary.</summary>
    private protected T* Allocate<T>(int length) where T : unmanaged
    {
        var block = new NativeBlock((long)length * sizeof(T));
        _memory.Add(block);
        return (T*)block.Address;
    }

    /// <summary>Numbers from 0.5 to 1.5, of either sign if asked for: none is zero or subnormal, nor becomes so.</summary>
    private protected float* Numbers(int length, bool signed = true)
    {
        var numbers = Allocate<float>(length);
        for (var i = 0; i < length; i++)
            numbers[i] = (0.5f + _random.NextSingle()) * (signed && _random.Next(2) == 0 ? -1 : 1);
        return numbers;
    }

    /// <summary>Refuses a result that is not the one of plain code.</summary>
    private protected static void Check(string what, int index, double actual, double expected, double tolerance = 0)
    {
        // NaN is wrong, too.
        if (!(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected)))
            throw new InvalidOperationException($"{what} must give {expected:G9} at {index}. Actual value was {actual:G9}.");
    }
}
