using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Mpi;

/// <summary>Memory for operations, kept for the next: the system takes longer to clear fresh pages than MPI to fill them. For the thread that calls MPI alone.</summary>
internal sealed unsafe class MpiScratch
{
    // As many as are under way at once in a step that overlaps.
    private const int MaxKept = 4;

    private readonly List<(nint Address, long Length)> _kept = [];

    /// <summary>Memory of at least some bytes.</summary>
    public (nint Address, long Length) Take(long length)
    {
        var best = -1;
        for (var i = 0; i < _kept.Count; i++)
        {
            if (_kept[i].Length >= length && (best < 0 || _kept[i].Length < _kept[best].Length))
                best = i;
        }
        if (best < 0)
            return ((nint)NativeMemory.Alloc((nuint)length), length);
        var block = _kept[best];
        _kept.RemoveAt(best);
        return block;
    }

    /// <summary>Takes memory back. Of too many blocks the smallest goes.</summary>
    public void Give((nint Address, long Length) block)
    {
        _kept.Add(block);
        if (_kept.Count <= MaxKept)
            return;
        var smallest = _kept.MinBy(kept => kept.Length);
        _kept.Remove(smallest);
        NativeMemory.Free((void*)smallest.Address);
    }

    /// <summary>Frees what is kept.</summary>
    public void Clear()
    {
        _kept.ForEach(block => NativeMemory.Free((void*)block.Address));
        _kept.Clear();
    }
}
