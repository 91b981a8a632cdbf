using GpuOptim.Host;
using GpuOptim.Kernels.Norms;
using GpuOptim.Optimizers;

namespace GpuOptim.Distributed.Sharding;

/// <summary>
/// The gradients that this rank has, at their places among all chunks of the model's norm, in the order in which one process would take them. Chunks of other
/// ranks count as zeros, to which what those know is added.
/// </summary>
/// <remarks>
/// Where an engine cuts a tensor, it may cut a chunk. Such a chunk is put together on all ranks, and counted by the one that has its beginning.
/// </remarks>
internal sealed class NormTables : IDisposable
{
    private const int ChunkLength = NormOrder.ChunkLength;

    private readonly ICommunicator _communicator;
    private readonly List<(UpdateBatch Table, List<Func<nint>> Addresses)> _tables = [];
    private readonly List<CutChunks> _cuts = [];

    /// <param name="communicator">The ranks.</param>
    /// <param name="tensors">The tensors of the norm, in order.</param>
    /// <param name="find">The tensor of the model.</param>
    /// <param name="gradientOf">Where the gradient of a piece of this rank is.</param>
    public NormTables(ICommunicator communicator, IEnumerable<TableTensor> tensors, Func<Parameter, WholeTensor> find, Func<Piece, nint> gradientOf)
    {
        _communicator = communicator;
        List<(UpdateSegment Segment, Func<nint> Address)> run = [];
        ElementType? type = null;
        foreach (var entry in tensors.Where(entry => entry.Length > 0))
        {
            if (type != entry.Parameter.GradientType)
                Close();
            type = entry.Parameter.GradientType;
            var tensor = find(entry.Parameter);
            if (tensor.Slices is not null && !tensor.IsMatrix)
                AddSliced(tensor);
            else
                AddPieces(tensor, entry);
        }
        Close();

        void AddPieces(WholeTensor tensor, TableTensor entry)
        {
            foreach (var piece in tensor.Pieces.Where(piece => piece.Start >= entry.Start && piece.End <= entry.Start + entry.Length))
            {
                run.Add((new(0, 0, 0, 0, piece.Length), piece.Owner == communicator.Rank
                    ? () => tensor.Parameter.HasGradient ? gradientOf(piece) : 0
                    : () => 0));
            }
        }

        void AddSliced(WholeTensor tensor)
        {
            var slices = tensor.Slices!;
            for (var start = 0L; start < tensor.Length;)
            {
                // The slice that the chunk begins in, and as many chunks as are whole in it.
                var end = Math.Min(start + ChunkLength, tensor.Length);
                var rank = Array.FindIndex(slices, slice => start >= slice.Start && start < slice.Start + slice.Length);
                var sliceEnd = slices[rank].Start + slices[rank].Length;
                var chunk = start;
                if (end <= sliceEnd)
                {
                    end = sliceEnd == tensor.Length ? sliceEnd : start + (sliceEnd - start) / ChunkLength * ChunkLength;
                    run.Add((new(0, 0, 0, 0, end - start), rank == communicator.Rank ? () => tensor.GradientAt(chunk) : () => 0));
                }
                else
                {
                    var cuts = _cuts.Find(each => each.Type == tensor.Parameter.GradientType);
                    if (cuts is null)
                        _cuts.Add(cuts = new(communicator, tensor.Parameter.GradientType));
                    var index = cuts.Add(tensor, start, end);
                    run.Add((new(0, 0, 0, 0, end - start), rank == communicator.Rank ? () => tensor.Parameter.HasGradient ? cuts.AddressOf(index) : 0 : () => 0));
                }
                start = end;
            }
        }

        void Close()
        {
            if (run.Count > 0)
            {
                var table = communicator.Device.CreateUpdateBatch(type!.Value, ElementType.Float32, [.. run.Select(each => each.Segment)]);
                _tables.Add((table, [.. run.Select(each => each.Address)]));
            }
            run = [];
        }
    }

    /// <summary>Adds the tables, for the gradients of this step.</summary>
    public void Collect(List<UpdateBatch> tables)
    {
        foreach (var cuts in _cuts)
            cuts.PutTogether();
        foreach (var (table, addresses) in _tables)
        {
            for (var i = 0; i < addresses.Count; i++)
                table.Gradients[i] = addresses[i]();
            tables.Add(table);
        }
    }

    /// <summary>Adds up what all ranks have of the chunks: each chunk is one rank's, and zero elsewhere, so that nothing is rounded.</summary>
    public void Exchange(nint sums, int count) => _communicator.AllReduce(sums, count, WireType.Float64).Wait();

    public void Dispose()
    {
        foreach (var (table, _) in _tables)
            table.Dispose();
        foreach (var cuts in _cuts)
            cuts.Dispose();
    }
}
