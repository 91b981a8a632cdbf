using System.Numerics;

namespace VirtualCard.Execution;

/// <content>The copies of a warp that are in flight.</content>
internal sealed unsafe partial class Warp
{
    private readonly List<PendingCopy> _copies = [];

    private readonly Stack<PendingCopy> _unused = [];

    private readonly int[] _commits = new int[Lanes.Count];

    public bool HasCopies => _copies.Count > 0;

    /// <summary>The number of the next copy.</summary>
    public long CopyNumber { get; private set; }

    public IReadOnlyList<PendingCopy> Copies => _copies;

    public void StartCopies()
    {
        foreach (var copy in _copies)
            _unused.Push(copy);
        _copies.Clear();
        Array.Clear(_commits);
    }

    /// <summary>Copies of lanes that have committed as many groups: one for each such number.</summary>
    public PendingCopy AddCopy(uint lanes, int size, int line)
    {
        var copy = _unused.Count > 0 ? _unused.Pop() : new();
        (copy.Lanes, copy.Size, copy.Line, copy.Group) = (lanes, size, line, _commits[BitOperations.TrailingZeroCount(lanes)]);
        copy.Number = CopyNumber++;
        _copies.Add(copy);
        return copy;
    }

    /// <summary>The lanes of a set that have committed as many groups as the first of them.</summary>
    public uint SameGroup(uint lanes)
    {
        var first = _commits[BitOperations.TrailingZeroCount(lanes)];
        uint same = 0;
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            same |= _commits[lane] == first ? 1u << lane : 0;
        }
        return same;
    }

    public void CommitCopies()
    {
        for (var rest = Active; rest != 0;)
            _commits[Lanes.Next(ref rest)]++;
    }

    /// <summary>Lands the copies of the active lanes but those of the last groups.</summary>
    public void WaitForCopies(int pending, int line)
    {
        for (var i = 0; i < _copies.Count; i++)
        {
            var copy = _copies[i];
            uint done = 0;
            for (var rest = copy.Lanes & Active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                done |= copy.Group < _commits[lane] - pending ? 1u << lane : 0;
            }
            if (Land(copy, done, line))
                _copies.RemoveAt(i--);
        }
    }

    /// <summary>Lands what a lane has copied before a number was given.</summary>
    public void LandCopies(int lane, long before)
    {
        for (var i = 0; i < _copies.Count; i++)
        {
            var copy = _copies[i];
            if (copy.Number < before && (copy.Lanes >> lane & 1) != 0 && Land(copy, 1u << lane, copy.Line))
                _copies.RemoveAt(i--);
        }
    }

    /// <summary>Lands a copy for some lanes; true where no lane is left.</summary>
    private bool Land(PendingCopy copy, uint lanes, int line)
    {
        for (var rest = lanes; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            copy.Data.AsSpan(lane * PendingCopy.MaxSize, copy.Size).CopyTo(new(Runner.Shared + copy.Offsets[lane], copy.Size));
            Runner.NoteCopyLanded(this, lane, copy.Offsets[lane], copy.Size, line);
        }
        copy.Lanes &= ~lanes;
        if (copy.Lanes != 0)
            return false;
        _unused.Push(copy);
        return true;
    }
}
