using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Support;

/// <summary>One parameter and its state, as bytes: decoded, moved by the float optimizer on one scalar lane, and encoded again.</summary>
internal sealed class EncodedReference : IDisposable
{
    private static readonly string[] _nonNegative = ["exp_avg_sq", "max_exp_avg_sq", "square_avg", "sum", "acc_delta", "exp_inf", "step_size"];

    private readonly SimdDevice _device = new(threads: 1, vectorBits: 32);
    private readonly OptimizerOptions _options;
    private readonly Parameter<float> _float;
    private readonly Optimizer _optimizer;
    private readonly Codec _codec;
    private readonly string? _rest;
    private readonly int _restSize;
    private readonly int _length;
    private readonly ElementType _type;
    private readonly StateEncoding _encoding;
    private readonly ElementType _stateType;
    private uint _step;

    public EncodedReference(OptimizerOptions options, Parameter parameter)
    {
        (_options, _type, _length) = (options, parameter.ElementType, (int)parameter.Length);
        _float = _device.CreateParameter(parameter.Name, [.. parameter.Shape]);
        _optimizer = (options with { StatePrecision = StatePrecision.SameAsParameter, ParameterRounding = ParameterRounding.Nearest }).CreateOptimizer([_float]);
        var rounding = _type == ElementType.Float32 ? ParameterRounding.Nearest : options.ParameterRounding;
        _codec = Codec.Of(rounding, _type);
        (_rest, _restSize) = rounding switch
        {
            ParameterRounding.Kahan => ("compensation", 2),
            ParameterRounding.MasterRemainder => ("remainder", 2),
            ParameterRounding.Master => ("master", 4),
            _ => (null, 0),
        };
        var isStochastic = options.StateRounding == StateRounding.Stochastic;
        (_stateType, _encoding) = options.StatePrecision switch
        {
            StatePrecision.Float32 => (ElementType.Float32, StateEncoding.None),
            StatePrecision.BFloat16 => (ElementType.BFloat16, isStochastic ? StateEncoding.StochasticBFloat16 : StateEncoding.None),
            StatePrecision.Float16 => (ElementType.Float16, isStochastic ? StateEncoding.StochasticFloat16 : StateEncoding.Float16),
            StatePrecision.Blockwise8 => (ElementType.UInt8, isStochastic ? StateEncoding.StochasticDynamic8 : StateEncoding.Dynamic8),
            _ => throw new NotSupportedException(),
        };
        Parameter = CheckpointBytes(parameter);
        Rest = rounding == ParameterRounding.Master ? MemoryMarshal.AsBytes<float>(Widen(Parameter)).ToArray() : new byte[_length * _restSize];
    }

    public byte[] Parameter { get; private set; }

    public Dictionary<string, byte[]> State { get; } = [];

    private byte[] Rest { get; set; }

    private int Blocks => (_length + 255) / 256;

    private bool HasScales => _stateType is ElementType.Float16 or ElementType.UInt8;

    public void Step(float[] gradient)
    {
        _step++;
        _float.Data.CopyFrom(_codec.IsNone ? Widen(Parameter) : LowPrecision.Decode(_codec, Parameter, Rest, _length));
        _float.Gradient.CopyFrom(gradient);
        if (_step > 1)
        {
            var own = _optimizer.StateDictionary();
            var tensors = own[_float.Name].Tensors.ToDictionary(pair => pair.Key, pair => IsScalar(pair.Value) ? pair.Value : StateTensor.Create<float>([.. _float.Shape], Floats(pair.Key)));
            _optimizer.Load(own with { Parameters = new Dictionary<string, ParameterState> { [_float.Name] = own[_float.Name] with { Tensors = tensors } } });
        }
        _optimizer.Step();

        var random = new RandomStream(RandomKey.Of(_options.RoundingSeed, _float.Name), 0, _step, 0);
        (Parameter, Rest) = _codec.IsNone
            ? (Narrow(_float.Data.ToArray(), _type), [])
            : LowPrecision.Encode(_codec, _float.Data.ToArray(), random, Parameter.Length, Rest.Length);
        State.Clear();
        if (_rest is not null)
            State[_rest] = Rest;
        foreach (var (name, tensor) in _optimizer.StateDictionary()[_float.Name].Tensors.Where(pair => !IsScalar(pair.Value)))
        {
            var values = tensor.Values<float>().ToArray();
            if (_encoding == StateEncoding.None)
            {
                State[name] = Narrow(values, _stateType);
                continue;
            }
            var (numbers, scales) = LowPrecision.Encode(CodecOf(name), values, random with { Use = UseOf(name) }, _length * _stateType.Size(), HasScales ? Blocks * 4 : 0);
            State[name] = numbers;
            if (HasScales)
                State[name + "_scale"] = scales;
        }
    }

    /// <summary>Whether it is a number for the parameter, which has no other precision.</summary>
    public static bool IsScalar(StateTensor tensor) => tensor.Shape.Count == 0;

    public void Dispose()
    {
        _optimizer.Dispose();
        _device.Dispose();
    }

    private static byte[] CheckpointBytes(Parameter parameter) => parameter switch
    {
        Parameter<float> single => MemoryMarshal.AsBytes<float>(single.Data.ToArray()).ToArray(),
        Parameter<BFloat16> brain => MemoryMarshal.AsBytes<BFloat16>(brain.Data.ToArray()).ToArray(),
        _ => MemoryMarshal.AsBytes<Half>(((Parameter<Half>)parameter).Data.ToArray()).ToArray(),
    };

    private static byte[] Narrow(float[] values, ElementType type) => type switch
    {
        ElementType.Float32 => MemoryMarshal.AsBytes<float>(values).ToArray(),
        ElementType.BFloat16 => MemoryMarshal.AsBytes<BFloat16>([.. values.Select(value => (BFloat16)value)]).ToArray(),
        _ => MemoryMarshal.AsBytes<Half>([.. values.Select(value => (Half)value)]).ToArray(),
    };

    private float[] Widen(byte[] bytes) => _type switch
    {
        ElementType.Float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        ElementType.BFloat16 => [.. MemoryMarshal.Cast<byte, BFloat16>(bytes).ToArray().Select(value => (float)value)],
        _ => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)],
    };

    /// <summary>Which state it is, counted from 1: random numbers depend on it.</summary>
    private uint UseOf(string state) => state switch
    {
        "exp_avg" or "square_avg" or "sum" or "prev" or "ax" => 1,
        "exp_avg_sq" or "acc_delta" or "exp_inf" or "step_size" => 2,
        "momentum_buffer" => _optimizer is RmsProp ? 3u : 1u,
        "max_exp_avg_sq" => 3,
        _ => throw new NotSupportedException(state),
    };

    private Codec CodecOf(string state) => Codec.Of(_encoding, _nonNegative.Contains(state));

    private float[] Floats(string state) => _encoding != StateEncoding.None
        ? LowPrecision.Decode(CodecOf(state), State[state], State.GetValueOrDefault(state + "_scale") ?? [], _length)
        : _stateType == ElementType.Float32
            ? MemoryMarshal.Cast<byte, float>(State[state]).ToArray()
            : [.. MemoryMarshal.Cast<byte, BFloat16>(State[state]).ToArray().Select(value => (float)value)];
}
