using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Microbenchmarks;

/// <summary>The operations that rules are made of, in float32, on numbers in the first-level cache: two loads, one operation and a store for each.</summary>
public unsafe class Lanes : VectorBenchmark
{
    private const int Length = 1024;
    private const float Constant = 0.3f;
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private float* _a, _b, _result;

    [GlobalSetup]
    public void Setup()
    {
        _a = Numbers(Length);
        _b = Numbers(Length, signed: false);
        _result = Allocate<float>(Length);
        Check<AddOperation>();
        Check<MulOperation>();
        Check<DivOperation>();
        Check<AddCMulOperation>();
        Check<AddCDivOperation>();
        Check<LerpOperation>();
        Check<SqrtOperation>();
        Check<MaxOperation>();
        Check<SignOperation>();
    }

    [Benchmark(OperationsPerInvoke = Length)]
    public void Add() => Run<AddOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Mul() => Run<MulOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Div() => Run<DivOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void AddCMul() => Run<AddCMulOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void AddCDiv() => Run<AddCDivOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Lerp() => Run<LerpOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Sqrt() => Run<SqrtOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Max() => Run<MaxOperation>();

    [Benchmark(OperationsPerInvoke = Length)]
    public void Sign() => Run<SignOperation>();

    private void Run<TOperation>() where TOperation : struct, IOperation => AtWidth(new Loop<TOperation>(_a, _b, _result));

    private void Check<TOperation>() where TOperation : struct, IOperation
    {
        Run<TOperation>();
        for (var i = 0; i < Length; i++)
            Check(typeof(TOperation).Name, i, _result[i], TOperation.Expected(_a[i], _b[i]));
    }

    private interface IOperation
    {
        static abstract T Apply<T>(T a, T b) where T : struct, ILane<T>;

        static abstract float Expected(float a, float b);
    }

    private readonly struct Loop<TOperation>(float* a, float* b, float* result) : IVectorLoop where TOperation : struct, IOperation
    {
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<TFloats>() where TFloats : unmanaged, IRegister<TFloats>
        {
            var (left, right, to) = ((nint)a, (nint)b, (nint)result);
            for (nint i = 0; i < Length * sizeof(float); i += sizeof(TFloats))
            {
                var value = TOperation.Apply(new Lane<TFloats, Float32Format>(TFloats.Load((float*)(left + i))), new(TFloats.Load((float*)(right + i))));
                TFloats.Store(value.Value, (float*)(to + i));
            }
        }
    }

    private readonly struct AddOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Add(b, Constant);
        public static float Expected(float a, float b) => MathF.FusedMultiplyAdd(b, Constant, a);
    }

    private readonly struct MulOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Mul(Constant);
        public static float Expected(float a, float b) => a * Constant;
    }

    private readonly struct DivOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Div(Constant);
        public static float Expected(float a, float b) => a / Constant;
    }

    private readonly struct AddCMulOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.AddCMul(b, b, Constant);
        public static float Expected(float a, float b) => MathF.FusedMultiplyAdd(Constant * b, b, a);
    }

    private readonly struct AddCDivOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.AddCDiv(a, b, Constant);
        public static float Expected(float a, float b) => a + Constant * a / b;
    }

    private readonly struct LerpOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Lerp(b, Constant);
        public static float Expected(float a, float b) => MathF.FusedMultiplyAdd(Constant, b - a, a);
    }

    private readonly struct SqrtOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => b.Sqrt();
        public static float Expected(float a, float b) => MathF.Sqrt(b);
    }

    private readonly struct MaxOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Max(b);
        public static float Expected(float a, float b) => MathF.Max(a, b);
    }

    private readonly struct SignOperation : IOperation
    {
        [MethodImpl(Inline)] public static T Apply<T>(T a, T b) where T : struct, ILane<T> => a.Sign();
        public static float Expected(float a, float b) => MathF.Sign(a);
    }
}
