using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed;

/// <content>State: put together of what each rank has, and shared out again.</content>
public sealed partial class ShardedOptimizer
{
    private Dictionary<string, ParameterState>? _localState;

    /// <remarks>Every rank gets all of it, by way of its host's memory: all must ask for it at the same time.</remarks>
    internal override StateDictionary LiveState()
    {
        ThrowIfFailed();
        return WithLocalState(_whole.LiveState);
    }

    TensorBytes IStateHolder.Read(Parameter parameter, string name, ElementType type, int elementsEach)
    {
        var tensor = _tensors[parameter];
        TensorBytes Own(Piece piece) => LocalState(piece, name).Bytes;
        return _isDeclaring ? new OwnBytes(Own, tensor.Pieces.Where(IsOwn), elementsEach) : WithLocalState(() => Assemble(tensor, tensor.Pieces, type, Own, elementsEach));
    }

    /// <summary>Does something with the state of this rank's pieces at hand.</summary>
    private T WithLocalState<T>(Func<T> action)
    {
        if (_localState is not null)
            return action();
        ReadChecks(wait: true);
        _localState = _locals.SelectMany(local => local.LiveState().Parameters).ToDictionary();
        try
        {
            return action();
        }
        finally
        {
            _localState = null;
        }
    }

    /// <summary>Puts a tensor together of what all ranks have of it.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="pieces">Its pieces.</param>
    /// <param name="type">Its type.</param>
    /// <param name="ownBytes">A piece of this rank's.</param>
    /// <param name="elementsEach">How many of its elements share one of what is put together.</param>
    private TensorBytes.OnHost Assemble(WholeTensor tensor, IReadOnlyList<Piece> pieces, ElementType type, Func<Piece, TensorBytes> ownBytes, int elementsEach = 1)
    {
        if (tensor.Length > Array.MaxLength / type.Size())
            throw new NotSupportedException($"State of parameter '{tensor.Parameter.Name}' must fit into an array for one host to have all of it. Actual length was {tensor.Length} elements; a ShardedCheckpoint needs no host to have it.");
        var counts = new long[Communicator.Size];
        foreach (var piece in pieces)
            counts[piece.Owner] += piece.Shared(elementsEach).Length * type.Size();
        var own = new byte[counts[Communicator.Rank]];
        var filled = 0;
        foreach (var piece in pieces.Where(IsOwn))
        {
            var length = (int)(piece.Shared(elementsEach).Length * type.Size());
            ownBytes(piece).Read(0, own.AsSpan(filled, length));
            filled += length;
        }
        var all = _council.Exchange(own, counts);
        var whole = new byte[(tensor.Length + elementsEach - 1) / elementsEach * type.Size()];
        var start = 0;
        foreach (var piece in pieces.OrderBy(piece => piece.Owner))
        {
            var (first, count) = piece.Shared(elementsEach);
            var length = (int)(count * type.Size());
            all.AsSpan(start, length).CopyTo(whole.AsSpan((int)(first * type.Size())));
            start += length;
        }
        return new(whole);
    }

    private bool IsOwn(Piece piece) => piece.Owner == Communicator.Rank;

    internal override void ThrowIfForeign(StateDictionary state)
    {
        _whole.ThrowIfForeign(state);
        for (var i = 0; i < Groups.Count; i++)
            ThrowIfCutOtherwise(Groups[i], state.Groups[i].Options);
    }

    internal override void TakeState(StateDictionary state)
    {
        ReadChecks(wait: true);
        _whole.TakeState(state);
        for (var part = 0; part < _parts.Length; part++)
        {
            var groups = _locals[part].Groups;
            var parameters = new Dictionary<string, ParameterState>();
            foreach (var tensor in _tensors.Values.Where(tensor => tensor.Part == part))
            {
                if (!state.Parameters.TryGetValue(tensor.Parameter.Name, out var saved))
                    continue;
                foreach (var piece in tensor.Pieces.Where(piece => piece.Owner == Communicator.Rank))
                    parameters.Add(LocalParameter(piece).Name, new(saved.Step, new OrderedDictionary<string, StateTensor>(saved.Tensors.Select(each => KeyValuePair.Create(each.Key, Part(each.Key, each.Value, piece))))));
            }
            _locals[part].TakeState(new(
                [.. groups.Select((group, i) => new GroupState(_locals[part].GetType().Name, OwnOptions(_parts[part].Groups[i].AnyOptions), [.. group.Parameters.Select(parameter => parameter.Name)]))],
                parameters));
        }
        // All of it is of one step again.
        _failure = null;
    }

    /// <summary>The parameter that the optimizer of this rank has for a piece.</summary>
    private Parameter LocalParameter(Piece piece) => IsAlone || (piece.Tensor.Slices is not null && !piece.Tensor.IsMatrix) ? piece.Tensor.Parameter : _ownPieces[piece];

    private StateTensor LocalState(Piece piece, string name) => _localState![LocalParameter(piece).Name].Tensors[name];

    private StateTensor Part(string name, StateTensor whole, Piece piece)
    {
        // What is of no dimensions, where the parameter has some, is a number that all pieces have.
        if (whole.Shape.Count == 0 && piece.Tensor.Parameter.WholeShape.Count > 0)
            return whole;
        var column = _parts[piece.Tensor.Part].ColumnOf(name)!;
        var (start, length) = piece.Shared(column.ElementsEach(piece.Tensor.Parameter.WholeShape));
        return new(whole.ElementType, column.ShapeFor(LocalParameter(piece).Shape), new TensorBytes.Part(whole.Bytes, start * whole.ElementType.Size(), length * whole.ElementType.Size()));
    }
}
