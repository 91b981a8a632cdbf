using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Microbenchmarks;

/// <summary>Floats to the 16-bit formats and back, to memory and in registers, on numbers in the first-level cache.</summary>
public unsafe class Roundings : VectorBenchmark
{
    private const int Length = 1024;
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private float* _floats, _result;
    private ushort* _bfloats, _halves, _stored;

    [GlobalSetup]
    public void Setup()
    {
        _floats = Numbers(Length);
        _result = Allocate<float>(Length);
        _bfloats = Allocate<ushort>(Length);
        _halves = Allocate<ushort>(Length);
        _stored = Allocate<ushort>(Length);
        for (var i = 0; i < Length; i++)
        {
            _bfloats[i] = ((BFloat16)_floats[i]).Bits;
            _halves[i] = BitConverter.HalfToUInt16Bits((Half)_floats[i]);
        }

        StoreBFloat16();
        CheckEach(nameof(StoreBFloat16), i => _stored[i], i => _bfloats[i]);
        StoreFloat16();
        CheckEach(nameof(StoreFloat16), i => _stored[i], i => _halves[i]);
        LoadBFloat16();
        CheckEach(nameof(LoadBFloat16), i => _result[i], i => (BFloat16)_floats[i]);
        LoadFloat16();
        CheckEach(nameof(LoadFloat16), i => _result[i], i => (float)(Half)_floats[i]);
        RoundToBFloat16();
        CheckEach(nameof(RoundToBFloat16), i => _result[i], i => (BFloat16)_floats[i]);
        RoundToFloat16();
        CheckEach(nameof(RoundToFloat16), i => _result[i], i => (float)(Half)_floats[i]);
    }

    /// <summary>Rounds floats and stores them in half of the memory.</summary>
    [Benchmark(OperationsPerInvoke = Length)]
    public void StoreBFloat16() => AtWidth(new Loop<Stored<BFloat16Format>>(_floats, _stored));

    /// <inheritdoc cref="StoreBFloat16"/>
    [Benchmark(OperationsPerInvoke = Length)]
    public void StoreFloat16() => AtWidth(new Loop<Stored<Float16Format>>(_floats, _stored));

    /// <summary>Makes floats again.</summary>
    [Benchmark(OperationsPerInvoke = Length)]
    public void LoadBFloat16() => AtWidth(new Loop<Loaded<BFloat16Format>>(_bfloats, _result));

    /// <inheritdoc cref="LoadBFloat16"/>
    [Benchmark(OperationsPerInvoke = Length)]
    public void LoadFloat16() => AtWidth(new Loop<Loaded<Float16Format>>(_halves, _result));

    /// <summary>What each operation does that computes in such a type.</summary>
    [Benchmark(OperationsPerInvoke = Length)]
    public void RoundToBFloat16() => AtWidth(new Loop<Rounded<BFloat16Format>>(_floats, _result));

    /// <inheritdoc cref="RoundToBFloat16"/>
    [Benchmark(OperationsPerInvoke = Length)]
    public void RoundToFloat16() => AtWidth(new Loop<Rounded<Float16Format>>(_floats, _result));

    private static void CheckEach(string what, Func<int, float> actual, Func<int, float> expected)
    {
        for (var i = 0; i < Length; i++)
            Check(what, i, actual(i), expected(i));
    }

    private interface IRounding
    {
        static abstract void Apply<TFloats>(void* source, void* destination, nint index) where TFloats : unmanaged, IRegister<TFloats>;
    }

    private readonly struct Loop<TRounding>(void* source, void* destination) : IVectorLoop where TRounding : struct, IRounding
    {
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TFloats>() where TFloats : unmanaged, IRegister<TFloats>
        {
            var (from, to) = ((nint)source, (nint)destination);
            for (nint i = 0; i < Length; i += TFloats.Count)
                TRounding.Apply<TFloats>((void*)from, (void*)to, i);
        }
    }

    private readonly struct Stored<TFormat> : IRounding where TFormat : IFormat
    {
        [MethodImpl(Inline)]
        public static void Apply<TFloats>(void* source, void* destination, nint index) where TFloats : unmanaged, IRegister<TFloats> =>
            TFormat.StoreRounded(TFloats.Load((float*)source + index), (ushort*)destination + index);
    }

    private readonly struct Loaded<TFormat> : IRounding where TFormat : IFormat
    {
        [MethodImpl(Inline)]
        public static void Apply<TFloats>(void* source, void* destination, nint index) where TFloats : unmanaged, IRegister<TFloats> =>
            TFloats.Store(TFormat.Load<TFloats>((ushort*)source + index), (float*)destination + index);
    }

    private readonly struct Rounded<TFormat> : IRounding where TFormat : IFormat
    {
        [MethodImpl(Inline)]
        public static void Apply<TFloats>(void* source, void* destination, nint index) where TFloats : unmanaged, IRegister<TFloats> =>
            TFloats.Store(TFormat.Round(TFloats.Load((float*)source + index)), (float*)destination + index);
    }
}
