using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed;

/// <content>What ranks must agree on, and how they find out that they do not.</content>
public sealed partial class ShardedOptimizer
{
    /// <summary>Bytes of what a rank says before a step: a digest of what it is about to do, and whether it can.</summary>
    private const int AgreementLength = 24;

    /// <summary>Options whose digests are kept.</summary>
    private const int OptionDigests = 64;

    private static readonly string _version =
        typeof(ShardedOptimizer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly Dictionary<OptimizerOptions, UInt128> _optionDigests = new(ReferenceEqualityComparer.Instance);
    private readonly XxHash128 _hash = new();
    private byte[] _flags = [];
    private long[] _agreementCounts = [];
    private byte[] _agreement = [];
    private long _steps;

    /// <summary>Does something on all ranks; if it fails on one, it fails on all.</summary>
    /// <param name="what">What it does.</param>
    /// <param name="action">Does it.</param>
    internal override T Together<T>(string what, Func<T> action)
    {
        var (made, failure) = (default(T), default(Exception));
        try
        {
            made = action();
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        var said = _council.Exchange(failure is null ? "" : $"{failure.GetType().Name}: {failure.Message}");
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        if (Array.FindIndex(said, each => each.Length > 0) is var rank and >= 0)
            throw new CommunicationException($"Rank {rank} could not {what}. {said[rank]}");
        return made!;
    }

    /// <summary>Compares what each rank says of itself, line by line.</summary>
    private void ThrowIfDifferent(IReadOnlyList<string> own)
    {
        string[] lines = [$"version {_version}", $"{Communicator.Size} ranks", .. own];
        var said = _council.Exchange(string.Join('\n', lines));
        for (var rank = 1; rank < said.Length; rank++)
        {
            if (said[rank] == said[0])
                continue;
            var (theirs, first) = (said[rank].Split('\n'), said[0].Split('\n'));
            var line = 0;
            while (line < theirs.Length && line < first.Length && theirs[line] == first[line])
                line++;
            string At(string[] all) => line < all.Length ? $"'{all[line]}'" : "nothing more";
            throw new CommunicationException($"All ranks must have the same parameters, options and version. Rank {rank} has {At(theirs)} where rank 0 has {At(first)}.");
        }
    }

    private static IEnumerable<string> Describe(OptimizerOptions options, IEnumerable<Parameter> parameters) =>
        parameters
            .Select(parameter => $"parameter {parameter.Name} {Parameter.Describe([.. parameter.WholeShape])} {parameter.ElementType}{(parameter.Slice is null ? "" : ", cut by the engine")}")
            .Prepend($"group {Describe(options)}");

    private static string Describe(OptimizerOptions options) =>
        // Options of one's own need not write all of it for checkpoints; records print it.
        $"{options} {string.Join(", ", Checkpoint.Describe(options).Values.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={(pair.Value is double[] numbers ? string.Join(' ', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture))) : pair.Value)}")))}";

    /// <summary>Gets to know which rows each rank has of tensors that an engine has cut.</summary>
    private void ExchangeSlices(WholeTensor[] tensors)
    {
        WholeTensor[] cut = [.. tensors.Where(tensor => tensor.Parameter.Slice is not null)];
        if (cut.Length == 0)
            return;
        long[] own = [.. cut.SelectMany(tensor => (long[])[tensor.Parameter.WholeStart, tensor.Parameter.Length])];
        var said = _council.Exchange(MemoryMarshal.AsBytes(own.AsSpan()));
        for (var i = 0; i < cut.Length; i++)
        {
            cut[i].Slices = [.. said.Select(each => (MemoryMarshal.Cast<byte, long>(each)[2 * i], MemoryMarshal.Cast<byte, long>(each)[2 * i + 1]))];
            var end = 0L;
            foreach (var (start, length) in cut[i].Slices!.Where(slice => slice.Length > 0).OrderBy(slice => slice.Start))
            {
                if (start != end)
                    throw new ArgumentException($"The slices of parameter '{cut[i].Parameter.Name}' must make the whole tensor, each part of it once. The rank that should have element {end} has those from {start} on.");
                end += length;
            }
            if (end != cut[i].Length)
                throw new ArgumentException($"The slices of parameter '{cut[i].Parameter.Name}' must make the whole tensor, {cut[i].Length} elements. Actual number was {end}.");
        }
    }

    /// <summary>Has all ranks know that they are about to take the same step, and can.</summary>
    private void Agree()
    {
        var failure = Check();
        Span<byte> own = stackalloc byte[AgreementLength];
        MemoryMarshal.Write(own, Digest());
        own[16] = failure is null ? (byte)0 : (byte)1;
        if (_agreement.Length == 0)
        {
            _agreement = new byte[Communicator.Size * AgreementLength];
            _agreementCounts = [.. Enumerable.Repeat((long)AgreementLength, Communicator.Size)];
        }
        _council.Exchange(own, _agreementCounts, _agreement);
        for (var rank = 1; rank < Communicator.Size; rank++)
        {
            if (!_agreement.AsSpan(0, AgreementLength).SequenceEqual(_agreement.AsSpan(rank * AgreementLength, AgreementLength)))
            {
                ExplainDifference(failure);
                break;
            }
        }
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>What keeps this rank from a step; null if nothing does.</summary>
    private Exception? Check()
    {
        try
        {
            foreach (var tensor in _tensors.Values)
            {
                ObjectDisposedException.ThrowIf(tensor.Parameter.Data.IsDisposed, tensor.Parameter);
                if (tensor.Parameter.HasGradient)
                    _ = tensor.GradientAt(tensor.Parameter.WholeStart);
            }
            foreach (var shard in _shards)
                shard.Locate?.Invoke();
            foreach (var group in Groups)
                ThrowIfCutOtherwise(group, group.AnyOptions);
            CheckHelpers();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private UInt128 Digest()
    {
        if (_flags.Length != _tensors.Count)
            _flags = new byte[_tensors.Count];
        var i = 0;
        foreach (var tensor in _tensors.Values)
            _flags[i++] = tensor.Parameter.HasGradient ? (byte)1 : (byte)0;
        _hash.Reset();
        _hash.Append(_flags);
        Span<UInt128> number = stackalloc UInt128[1];
        foreach (var part in _parts)
        {
            foreach (var group in part.Groups)
            {
                number[0] = Digest(group.AnyOptions);
                _hash.Append(MemoryMarshal.AsBytes(number));
            }
        }
        var scaler = GradientScaler?.Options;
        ReadOnlySpan<double> around =
        [
            GradientClipping?.MaxNorm ?? 0, GradientClipping?.MaxValue ?? 0, GradientClipping?.Order ?? 0,
            scaler?.InitialScale ?? 0, scaler?.GrowthFactor ?? 0, scaler?.BackoffFactor ?? 0, scaler?.GrowthInterval ?? 0,
            WeightAverage?.Decay ?? 0, WeightAverage?.UpdateCount ?? -1, (double?)WeightAverage?.Precision ?? 0,
        ];
        _hash.Append(MemoryMarshal.AsBytes(around));
        return _hash.GetCurrentHashAsUInt128();
    }

    private UInt128 Digest(OptimizerOptions options)
    {
        if (!_optionDigests.TryGetValue(options, out var digest))
        {
            // Schedules make new ones at every step.
            if (_optionDigests.Count == OptionDigests)
                _optionDigests.Clear();
            digest = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(Describe(options)));
            _optionDigests.Add(options, digest);
        }
        return digest;
    }

    /// <summary>Finds out what ranks differ in.</summary>
    private void ExplainDifference(Exception? failure)
    {
        string[] own =
        [
            failure is null ? "" : $"{failure.GetType().Name}: {failure.Message}",
            $"GradientClipping {GradientClipping?.ToString() ?? "none"}, GradientScaler {GradientScaler?.Options.ToString() ?? "none"}, WeightAverage {(WeightAverage is { } average ? string.Create(CultureInfo.InvariantCulture, $"of decay {average.Decay}, {average.UpdateCount} updates, {average.Precision}") : "none")}",
            .. _parts.SelectMany(part => part.Groups).Select(group => Describe(group.AnyOptions)),
        ];
        var said = _council.Exchange(string.Join('\n', own));
        var flags = _council.Exchange([.. _tensors.Values.Select(tensor => tensor.Parameter.HasGradient ? (byte)1 : (byte)0)]);
        if (failure is not null)
            return;
        string[][] lines = [.. said.Select(each => each.Split('\n'))];
        if (Array.FindIndex(lines, each => each[0].Length > 0) is var failed and >= 0)
            throw new CommunicationException($"Rank {failed} could not step, so that no rank has. {lines[failed][0]}");
        Parameter[] parameters = [.. _tensors.Keys];
        string[] missing =
        [
            .. flags.Select((each, rank) => (rank, Names: parameters.Where((_, i) => each[i] == 0 && flags.Any(other => other[i] != 0)).Select(parameter => $"'{parameter.Name}'").ToArray()))
                .Where(each => each.Names.Length > 0)
                .Select(each => $"rank {each.rank} has none for {string.Join(", ", each.Names.Take(8))}{(each.Names.Length > 8 ? $" and {each.Names.Length - 8} more" : "")}"),
        ];
        if (missing.Length > 0)
            throw new CommunicationException($"A parameter must have a gradient on all ranks or on none: {string.Join("; ", missing)}. Nothing was changed.");
        for (var rank = 1; rank < lines.Length; rank++)
        {
            for (var line = 1; line < lines[rank].Length; line++)
            {
                if (lines[rank][line] != lines[0][line])
                    throw new CommunicationException($"All ranks must step with the same options. Rank {rank} has '{lines[rank][line]}' where rank 0 has '{lines[0][line]}'. Nothing was changed.");
            }
        }
        throw new CommunicationException("All ranks must be about to take the same step; they are not. Nothing was changed.");
    }

    /// <summary>Compares parameters of all ranks.</summary>
    /// <param name="all">The parameters.</param>
    /// <param name="when">When they must be equal, for the message.</param>
    private void ThrowIfUnequal(IEnumerable<WholeTensor> all, string when)
    {
        if (IsAlone)
            return;
        WholeTensor[] tensors = [.. all.Where(tensor => tensor.Slices is null)];
        var digests = new UInt128[tensors.Length];
        var piece = new byte[StateTensor.PieceLength];
        for (var i = 0; i < tensors.Length; i++)
        {
            _hash.Reset();
            var data = tensors[i].Parameter.Data;
            for (var offset = 0L; offset < data.SizeInBytes; offset += piece.Length)
            {
                var part = piece.AsSpan(0, (int)Math.Min(piece.Length, data.SizeInBytes - offset));
                Device.CopyToHost(data.Address + (nint)offset, part);
                _hash.Append(part);
            }
            digests[i] = _hash.GetCurrentHashAsUInt128();
        }
        var said = _council.Exchange(MemoryMarshal.AsBytes(digests.AsSpan()));
        for (var rank = 1; rank < said.Length; rank++)
        {
            var theirs = MemoryMarshal.Cast<byte, UInt128>(said[rank]);
            var first = MemoryMarshal.Cast<byte, UInt128>(said[0]);
            for (var i = 0; i < tensors.Length; i++)
            {
                if (theirs[i] != first[i])
                    throw new CommunicationException($"Parameters must be equal on all ranks {when}. '{tensors[i].Parameter.Name}' of rank {rank} is another than rank 0's.");
            }
        }
    }
}
