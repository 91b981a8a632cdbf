using System.Runtime.InteropServices;
using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed;

/// <content>What checkpoints ask: whole tensors of what all ranks have, or what this rank has of each.</content>
public sealed partial class ShardedOptimizer
{
    private bool _isDeclaring;

    internal override Optimizer Declared => _whole;

    /// <summary>The last save in the background.</summary>
    internal Task Saving { get; set; } = Task.CompletedTask;

    /// <summary>What ranks say to each other around a checkpoint.</summary>
    internal Council Council => _council;

    internal override void ThrowIfUnsavable()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ThrowIfFailed();
        base.ThrowIfUnsavable();
        if (Accumulation is { Count: > 0 } accumulation)
            throw new ArgumentException($"Checkpoints of a ShardedOptimizer are of whole steps, for each rank has sums of its own. {accumulation.Count} of {accumulation.Batches} batches of the next are accumulated: save when GradientAccumulation.Step returned true.");
    }

    /// <remarks>All ranks must ask at the same time: what engines have cut is put together.</remarks>
    internal override Dictionary<string, StateTensor> LiveParameters() => _tensors.Values.ToDictionary(tensor => tensor.Parameter.Name, tensor => tensor.Slices is null
        ? CheckpointContent.Live(tensor.Parameter)
        : new(tensor.Parameter.ElementType, [.. tensor.Parameter.WholeShape], Assemble(tensor, DataPieces(tensor), tensor.Parameter.ElementType, _ => CheckpointContent.Live(tensor.Parameter).Bytes)));

    /// <remarks>All ranks must ask at the same time.</remarks>
    internal override Dictionary<string, StateTensor> LiveAverages()
    {
        var own = OwnAverages();
        return AveragedTensors().ToDictionary(tensor => tensor.Parameter.Name, tensor => new StateTensor(
            AverageType(tensor),
            [.. tensor.Parameter.WholeShape],
            Assemble(tensor, DataPieces(tensor), AverageType(tensor), piece => CheckpointContent.Live(own[(tensor, piece.Start)]).Bytes)));
    }

    /// <remarks>All ranks must ask at the same time.</remarks>
    internal override IReadOnlySet<string> AveragedNames() => AveragedTensors().Select(tensor => tensor.Parameter.Name).ToHashSet();

    internal override IEnumerable<(Parameter Average, TensorPlace Place)> PlacedAverages() =>
        (WeightAverage?.Averages ?? []).Zip(WeightAverage?.Parameters ?? []).Where(each => _shardPieces.ContainsKey(each.Second)).Select(each => (each.First, PlaceOf(each.Second)));

    internal override void ThrowIfNotSame(string id)
    {
        var said = _council.Exchange(id);
        if (Array.FindIndex(said, each => each != said[0]) is var other and >= 0)
            throw new CommunicationException($"All ranks must load the same run. Rank {other} has another than rank 0. Nothing was changed.");
    }

    internal override TensorPlace PlaceOf(Parameter parameter)
    {
        var (tensor, start) = _shardPieces.TryGetValue(parameter, out var piece) ? (piece.Tensor, piece.Start) : (_tensors[parameter], parameter.WholeStart);
        return new(tensor.Parameter.Name, tensor.Parameter.WholeShape, start);
    }

    /// <summary>What this rank writes of a checkpoint: so that all ranks together write everything once. Nothing is asked of other ranks.</summary>
    /// <param name="averaged">The names of the parameters that there are averages of.</param>
    /// <returns>Tensors with the whole's shape, and bytes that are <see cref="OwnBytes"/>; and groups and steps.</returns>
    internal (Dictionary<string, StateTensor> Tensors, StateDictionary State) OwnContent(IReadOnlySet<string> averaged)
    {
        var tensors = new Dictionary<string, StateTensor>();
        foreach (var tensor in _tensors.Values)
        {
            var live = CheckpointContent.Live(tensor.Parameter).Bytes;
            var size = tensor.Parameter.ElementType.Size();
            Add(tensor.Parameter.Name, tensor, tensor.Parameter.ElementType, piece => new TensorBytes.Part(live, (piece.Start - tensor.Parameter.WholeStart) * size, piece.Length * size));
        }
        var averages = OwnAverages();
        foreach (var tensor in _tensors.Values.Where(tensor => averaged.Contains(tensor.Parameter.Name)))
            Add(CheckpointContent.AveragePrefix + tensor.Parameter.Name, tensor, AverageType(tensor), piece => CheckpointContent.Live(averages[(tensor, piece.Start)]).Bytes);
        _isDeclaring = true;
        try
        {
            return WithLocalState(() =>
            {
                var state = _whole.LiveState();
                foreach (var (parameter, each) in state.Parameters)
                {
                    // What all ranks have alike, the first one writes.
                    foreach (var (name, tensor) in each.Tensors)
                        AddTensor($"{CheckpointContent.StatePrefix}{parameter}/{name}", tensor.Bytes is OwnBytes ? tensor : new(tensor.ElementType, [], new OwnBytes(tensor.Bytes, Communicator.Rank == 0)));
                }
                return (tensors, state);
            });
        }
        finally
        {
            _isDeclaring = false;
        }

        void Add(string name, WholeTensor tensor, ElementType type, Func<Piece, TensorBytes> own) =>
            AddTensor(name, new(type, [.. tensor.Parameter.WholeShape], new OwnBytes(own, DataPieces(tensor).Where(IsOwn))));

        void AddTensor(string name, StateTensor tensor)
        {
            if (!tensors.TryAdd(name, tensor))
                throw new ArgumentException($"Names of tensors must differ. '{name}' cannot be written.");
        }
    }

    private ElementType AverageType(WholeTensor tensor) => WeightAverage?.TypeOf(tensor.Parameter) ?? tensor.Parameter.ElementType;

    /// <summary>The pieces of a tensor's data: those that ranks own, or what engines have cut.</summary>
    private static List<Piece> DataPieces(WholeTensor tensor) => tensor.Slices is null
        ? tensor.Pieces
        : [.. tensor.Slices.Select((slice, rank) => new Piece(tensor, slice.Start, slice.Length, 1, rank)).Where(piece => piece.Length > 0)];

    /// <summary>The averages of this rank's shards, by the tensor and where in it they begin.</summary>
    private Dictionary<(WholeTensor Tensor, long Start), Parameter> OwnAverages()
    {
        var averages = new Dictionary<(WholeTensor, long), Parameter>();
        for (var i = 0; i < (WeightAverage?.Averages.Count ?? 0); i++)
        {
            if (_shardPieces.TryGetValue(WeightAverage!.Parameters[i], out var piece))
                averages.Add((piece.Tensor, piece.Start), WeightAverage.Averages[i]);
        }
        return averages;
    }

    /// <summary>The tensors that there are averages of, as all ranks together know.</summary>
    /// <exception cref="CommunicationException">There are averages on some ranks only, or of a part of a tensor.</exception>
    private WholeTensor[] AveragedTensors()
    {
        WholeTensor[] tensors = [.. _tensors.Values];
        var own = new long[tensors.Length + 1];
        own[^1] = WeightAverage is null ? -1 : WeightAverage.UpdateCount;
        foreach (var ((tensor, _), average) in OwnAverages())
            own[Array.IndexOf(tensors, tensor)] += average.Length;
        var said = _council.Exchange(MemoryMarshal.AsBytes(own.AsSpan())).Select(each => MemoryMarshal.Cast<byte, long>(each).ToArray()).ToArray();
        if (Array.FindIndex(said, each => each[^1] < 0 != said[0][^1] < 0) is var other and >= 0)
            throw new CommunicationException($"All ranks must have a WeightAverage, or none. {(said[0][^1] < 0 ? $"Rank {other} has one, rank 0" : $"Rank 0 has one, rank {other}")} has none.");
        if (WeightAverage is null)
            return [];
        for (var i = 0; i < tensors.Length; i++)
        {
            if (said.Sum(each => each[i]) is var averaged && averaged != 0 && averaged != tensors[i].Length)
                throw new CommunicationException($"WeightAverage must be of whole tensors: of all Shards, on all ranks. Of the {tensors[i].Length} elements of parameter '{tensors[i].Parameter.Name}' there are averages of {averaged}.");
        }
        // Nobody has anything of an empty tensor: it counts as averaged where all others are.
        var hasAll = Enumerable.Range(0, tensors.Length).All(i => tensors[i].Length == 0 || said.Any(each => each[i] != 0));
        return [.. tensors.Where((tensor, i) => tensor.Length == 0 ? hasAll : said.Any(each => each[i] != 0))];
    }
}
