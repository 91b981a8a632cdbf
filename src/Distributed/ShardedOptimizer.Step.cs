using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Distributed;

/// <content>A step: gradients travel to owners, owners update, and what they made travels back, bucket by bucket.</content>
public sealed partial class ShardedOptimizer
{
    private Exception? _failure;
    private int _begun;
    private int _applied;

    void IBucketObserver.BeforeUpdate(int bucket)
    {
        var index = Array.FindIndex(_buckets, each => each.Number == bucket);
        if (index < 0 || !_buckets[index].IsActive)
            return;
        ReturnUntil(index);
        MakeRoom(index);
        _buckets[index].BeforeUpdate();
    }

    void IBucketObserver.AfterUpdate(int bucket)
    {
        var index = Array.FindIndex(_buckets, each => each.Number == bucket);
        if (index >= 0 && _buckets[index].IsActive)
            ReturnUntil(index + 1);
    }

    private protected override void UpdateParameters(DeviceStep step)
    {
        ThrowIfFailed();
        Agree();
        FindData();
        foreach (var part in _parts)
            part.PrepareStep(step);
        TakeOptions();
        if (_isStale)
            Build();
        foreach (var (own, place) in _places)
            own.HasGradient = place.Piece.Tensor.Parameter.HasGradient;
        Reduce();
        foreach (var local in _locals)
            local.PrepareStep(step);
        step.Begin();
        Action<nint, int>? exchange = IsAlone ? null : (sums, count) => _normTables!.Exchange(sums, count);
        var context = NormGradients(step, exchange) with { Buckets = this };
        step.End();
        if (!context.FoundInf)
            Update(context);
        // A step of which it is known that it was skipped does not count; of others it is found out later.
        if (!context.FoundInf || context.Bit is not null)
        {
            foreach (var part in _parts)
                part.FinishStep(context);
            foreach (var local in _locals)
                local.FinishStep(context);
        }
        WeightAverage?.TakeIn();
        _steps++;
        if (Sharding.ReplicaCheckInterval > 0 && _steps % Sharding.ReplicaCheckInterval == 0)
            ThrowIfUnequal(_tensors.Values, $"after {_steps} steps");
    }

    internal override void PrepareStep(DeviceStep step) => throw new NotSupportedException("A ShardedOptimizer must step on its own.");

    internal override void RunStep(in StepContext context) => throw new NotSupportedException("A ShardedOptimizer must step on its own.");

    internal override void FinishStep(in StepContext context) => throw new NotSupportedException("A ShardedOptimizer must step on its own.");

    internal override void Rebuild() => _isStale = true;

    internal override void ResolveStep(int bit, bool foundInf)
    {
        foreach (var part in _parts)
            part.ResolveStep(bit, foundInf);
        foreach (var local in _locals)
            local.ResolveStep(bit, foundInf);
    }

    internal override void Collect(List<UpdateBatch> tables)
    {
        if (IsAlone)
        {
            foreach (var local in _locals)
                local.Collect(tables);
            return;
        }
        _normTables ??= new(Communicator, _parts.SelectMany(part => part.TableTensors()), parameter => _tensors[parameter], piece => _ownPieces[piece].GradientBuffer.Address);
        _normTables.Collect(tables);
    }

    internal override IEnumerable<TableTensor> TableTensors() => _whole.TableTensors();

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            throw new CommunicationException($"An earlier step failed in its middle, so that state is of two steps: load a checkpoint, and go on. {_failure.Message}", _failure);
    }

    /// <summary>Looks where parameters are; buckets are built anew if these, or types, are not what they were built for.</summary>
    private void FindData()
    {
        foreach (var tensor in _tensors.Values)
            _isStale |= tensor.Parameter.Data.Address != tensor.DataAddress;
        if (_isStale)
            Build();
    }

    /// <summary>Has the optimizers of this rank's pieces take the options of the groups.</summary>
    private void TakeOptions()
    {
        var built = 0;
        for (var part = 0; part < _parts.Length; part++)
        {
            for (var group = 0; group < _parts[part].Groups.Count; group++)
            {
                var (whole, own) = (_parts[part].Groups[group].AnyOptions, _locals[part].Groups[group]);
                // What the order of norms and the types of buckets depend on.
                var before = _builtFor[built++];
                _isStale |= !ReferenceEquals(whole, before)
                    && (whole.ComputePrecision != before.ComputePrecision || (whole is MuonOptionsBase matrices && !matrices.OrthogonalizesAs((MuonOptionsBase)before)));
                if (ReferenceEquals(whole, own.AnyOptions))
                    continue;
                own.AnyOptions = OwnOptions(whole);
            }
        }
    }

    private void Reduce()
    {
        Bucket? before = null;
        var place = 0;
        for (var i = 0; i < _buckets.Length; i++)
        {
            if (!_buckets[i].IsActive)
                continue;
            // Whoever has the place that this one needs must be done first.
            if (before is not null && place == i % BucketMemory.Turns)
            {
                before.EndReduce();
                before = null;
            }
            _buckets[i].BeginReduce();
            before?.EndReduce();
            (before, place) = (_buckets[i], i % BucketMemory.Turns);
        }
        before?.EndReduce();
    }

    private void Update(in StepContext context)
    {
        (_begun, _applied) = (0, 0);
        try
        {
            foreach (var local in _locals)
                local.RunStep(context);
            ReturnUntil(_buckets.Length);
            if (Sharding.UpdatesAtomically)
            {
                foreach (var bucket in _buckets.Where(bucket => bucket.IsActive))
                    bucket.EndReturn();
            }
            for (; _applied < _buckets.Length; _applied++)
                Finish(_applied);
        }
        catch (Exception failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Sends what was made of all buckets before one.</summary>
    private void ReturnUntil(int end)
    {
        for (; _begun < end; _begun++)
        {
            if (!_buckets[_begun].IsActive)
                continue;
            MakeRoom(_begun);
            if (_begun != end - 1 || _buckets[_begun].OwnLength == 0)
                _buckets[_begun].BeforeUpdate();
            _buckets[_begun].BeginReturn();
        }
    }

    /// <summary>Has the buckets done whose place another needs.</summary>
    private void MakeRoom(int bucket)
    {
        if (Sharding.UpdatesAtomically)
            return;
        for (; _applied <= bucket - BucketMemory.Turns; _applied++)
            Finish(_applied);
    }

    private void Finish(int bucket)
    {
        if (!_buckets[bucket].IsActive)
            return;
        if (!Sharding.UpdatesAtomically)
            _buckets[bucket].EndReturn();
        _buckets[bucket].Apply();
    }
}
