using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers;

namespace GpuOptim.Distributed;

/// <content>Who owns what: tensors are cut into pieces, these travel in buckets, and an optimizer of this rank's own has what the rank owns.</content>
public sealed partial class ShardedOptimizer
{
    private MuonOptionsBase MatrixOptions(WholeTensor tensor) => (MuonOptionsBase)_parts[tensor.Part].Groups[tensor.Group].AnyOptions;

    private int StateSize(WholeTensor tensor) => _parts[tensor.Part].StateSize(tensor.Group, tensor.Parameter);

    private void AddTensors(int part, int group)
    {
        foreach (var parameter in _parts[part].Groups[group].Parameters)
            _tensors.Add(parameter, new(parameter, part, group, _parts[part] is IMatrixOptimizer));
    }

    /// <summary>Cuts tensors into pieces, and has those that travel do so in buckets.</summary>
    private void Plan(WholeTensor[] tensors)
    {
        var buckets = new List<Bucket>(_buckets);
        if (IsAlone)
        {
            foreach (var tensor in tensors.Where(tensor => tensor.Length > 0))
                tensor.Pieces.Add(new(tensor, 0, tensor.Length, 1, 0));
            AddShards(tensors);
            return;
        }
        foreach (var group in tensors.GroupBy(tensor => tensor.Part))
        {
            // What has as much state for each element is shared out by itself: so each rank has its part of all state.
            foreach (var alike in group.Where(tensor => !tensor.IsMatrix && tensor.Slices is null && tensor.Length > 0).GroupBy(tensor => (tensor.Parameter.ElementType, State: StateSize(tensor))))
            {
                if (!_elementPlans.TryGetValue((group.Key, alike.Key.State), out var plan))
                    _elementPlans.Add((group.Key, alike.Key.State), plan = new(Communicator.Size, Sharding.BucketBytes));
                foreach (var pieces in plan.Plan(alike, alike.Key.ElementType.Size()))
                    buckets.Add(new ElementBucket(Communicator, Sharding, buckets.Count + 1, pieces));
            }
            foreach (var tensor in group.Where(tensor => !tensor.IsMatrix && tensor.Slices is not null))
                tensor.Pieces.AddRange(tensor.Slices!.Select((slice, rank) => new Piece(tensor, slice.Start, slice.Length, 1, rank)).Where(piece => piece.Length > 0));
            (WholeTensor, long, int, int)[] blocks =
            [
                .. group.Where(tensor => tensor.IsMatrix && tensor.Length > 0).SelectMany(tensor => MatrixBlocks.Of(tensor.Parameter, MatrixOptions(tensor)).Select(block => (tensor, block.Row * block.Columns, block.Rows, block.Columns))),
            ];
            if (blocks.Length == 0)
                continue;
            foreach (var pieces in _matrixPlans[group.Key].Plan(blocks, StateSize))
            {
                var first = pieces[0].Tensor;
                buckets.Add(first.Slices is null
                    ? new MatrixBucket(Communicator, Sharding, buckets.Count + 1, pieces, () => MatrixOptions(first))
                    : new SlicedMatrixBucket(Communicator, Sharding, buckets.Count + 1, pieces, () => MatrixOptions(first)));
            }
        }
        foreach (var bucket in buckets.Skip(_buckets.Length))
        {
            foreach (var piece in bucket.Pieces)
                piece.Tensor.Pieces.Add(piece);
        }
        foreach (var tensor in tensors)
            tensor.Pieces.Sort((a, b) => a.Start.CompareTo(b.Start));
        // In the order in which the optimizers of a model update them.
        _buckets = [.. buckets.OrderBy(bucket => bucket.Part).ThenBy(bucket => bucket.Number)];
        AddShards(tensors);
    }

    private void AddShards(WholeTensor[] tensors)
    {
        foreach (var piece in tensors.SelectMany(tensor => tensor.Pieces))
        {
            var tensor = piece.Tensor;
            if (tensor.Slices is not null || IsAlone)
            {
                if (tensor.Parameter.Length > 0 && _shardPieces.TryAdd(tensor.Parameter, new(tensor, tensor.Parameter.WholeStart, tensor.Parameter.Length, 1, Communicator.Rank)))
                    _shards.Add(tensor.Parameter);
            }
            else if (piece.Owner == Communicator.Rank)
            {
                var (start, parameter) = (piece.Start * tensor.Parameter.ElementType.Size(), tensor.Parameter);
                var view = Device.View(parameter.ElementType, parameter.Data.Address + (nint)start, piece.Length);
                var shard = new ParameterPiece(piece.Name, [piece.Length], view, view, (parameter, piece.Start));
                shard.Locate = () =>
                {
                    parameter.Locate?.Invoke();
                    view.MoveTo(parameter.Data.Address + (nint)start);
                };
                _shards.Add(shard);
                _shardPieces.Add(shard, piece);
            }
        }
        if (_shards.Count == 0)
            _shards.Add(Nothing("nothing", [0]));
    }

    /// <summary>What stands where there must be a parameter, and this rank owns none.</summary>
    private ParameterPiece Nothing(string name, ReadOnlySpan<long> shape)
    {
        var nothing = Device.CreateBuffer<float>(0);
        return new(name, shape, nothing, nothing, origin: null) { HasGradient = false };
    }

    /// <summary>Gives buckets their memory, and pieces theirs.</summary>
    private void Build()
    {
        _isStale = false;
        _builtFor = [.. _parts.SelectMany(part => part.Groups).Select(group => group.AnyOptions)];
        foreach (var tensor in _tensors.Values)
        {
            tensor.Parameter.Locate?.Invoke();
            tensor.DataAddress = tensor.Parameter.Data.Address;
        }
        _memory?.Dispose();
        _memory = new(Device, _buckets, Sharding.UpdatesAtomically);
        // What directions are written to may have moved although no piece has.
        foreach (var local in _locals)
            local?.Rebuild();
        _normTables?.Dispose();
        _normTables = null;
        foreach (var bucket in _buckets)
        {
            foreach (var (piece, offset) in bucket.Own)
            {
                var gradient = bucket.Gradient.SliceUntyped(offset, piece.Length);
                var address = piece.Tensor.IsMatrix ? gradient.Address : bucket.DataAddress(piece, offset);
                if (_ownPieces.TryGetValue(piece, out var own))
                {
                    own.MoveGradient(gradient);
                    own.Data.MoveTo(address);
                    continue;
                }
                ReadOnlySpan<long> shape = piece.Tensor.IsMatrix ? [piece.Rows, piece.Columns] : [piece.Length];
                own = new(piece.Name, shape, Device.View(piece.Tensor.Parameter.ElementType, address, piece.Length), gradient, (piece.Tensor.Parameter, piece.Start)) { Bucket = bucket.Number };
                _ownPieces.Add(piece, own);
                _places.Add(own, (piece, bucket, offset));
            }
        }
    }

    /// <summary>Has the optimizer of this rank take what it owns of a group.</summary>
    private void AddLocalGroup(int part, int group)
    {
        var whole = _parts[part].Groups[group];
        if (whole.AnyOptions is MuonOptionsBase matrices)
            _cutFor.Add(whole, matrices);
        var options = OwnOptions(whole.AnyOptions);
        List<Parameter> members = [];
        foreach (var tensor in whole.Parameters.Select(parameter => _tensors[parameter]))
        {
            if (IsAlone || (tensor.Slices is not null && !tensor.IsMatrix))
                members.Add(tensor.Parameter);
            else
                members.AddRange(tensor.Pieces.Where(piece => piece.Owner == Communicator.Rank).Select(piece => _ownPieces[piece]));
        }
        if (members.Count == 0)
            members.Add(Nothing($"nothing of group {group}", _parts[part] is IMatrixOptimizer ? [0, 1] : [0]));
        if (group > 0)
        {
            _locals[part].AddGroup(members, options);
            return;
        }
        var local = options.CreateOptimizer(members);
        local.Owner = this;
        if (local is IMatrixOptimizer matrixOptimizer && !IsAlone)
            matrixOptimizer.DirectionAddress = piece => _places.TryGetValue(piece, out var place) ? place.Bucket.DataAddress(place.Piece, place.Offset) : 0;
        _locals[part] = local;
    }

    /// <summary>Refuses what is kept of a parameter where ranks would have other parts of it.</summary>
    private static void ThrowIfUnsharable(OptimizerOptions options, IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters)
        {
            // Every rank moves all of a matrix, and only its owner has its state.
            if (options is MuonOptionsBase && options.RoundingOf(parameter) != ParameterRounding.Nearest)
                throw new ArgumentException($"ParameterRounding of a ShardedOptimizer's matrices must be Nearest. Actual value for parameter '{parameter.Name}' was {options.ParameterRounding}.");
            var (start, end) = (parameter.WholeStart, parameter.WholeStart + parameter.Length);
            var cutsBlocks = start % EncodedStretch.BlockLength != 0 || (end != parameter.WholeLength && end % EncodedStretch.BlockLength != 0);
            if (cutsBlocks && options is not MuonOptionsBase && options.StateOf(parameter).Encoding != StateEncoding.None)
                throw new ArgumentException($"A slice whose state is {options.StatePrecision} must begin and end at a multiple of {EncodedStretch.BlockLength} elements. Parameter '{parameter.Name}' begins at {start} and ends at {end}.");
        }
    }

    /// <summary>Refuses options by which matrices would be cut in another way than they were shared out.</summary>
    private void ThrowIfCutOtherwise(ParameterGroup group, OptimizerOptions options)
    {
        if (IsAlone || options is not MuonOptionsBase matrices || !_cutFor.TryGetValue(group, out var before) || matrices.CutsAs(before))
            return;
        static string Show(IReadOnlyList<int>? rows) => rows is null ? "null" : $"[{string.Join(", ", rows)}]";
        throw new ArgumentException($"SplitRows and FlattenConvolutions of a ShardedOptimizer's group must stay {Show(before.SplitRows)} and {before.FlattenConvolutions}, by which its matrices have owners: make it with these options from the beginning. Actual values were {Show(matrices.SplitRows)} and {matrices.FlattenConvolutions}.");
    }

    /// <summary>The options of a group for this rank's optimizer of what it owns of the group.</summary>
    private OptimizerOptions OwnOptions(OptimizerOptions options) => IsAlone ? options : options.ForPieces();
}
