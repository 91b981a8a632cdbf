using System.Numerics;
using System.Runtime.CompilerServices;

namespace VirtualCard.Execution;

/// <summary>
/// 32 threads that execute in lockstep where their paths agree. Threads that are at the same basic block form a group; the group at the lowest block
/// runs, which lets the others catch up and join where paths meet again.
/// </summary>
internal sealed unsafe partial class Warp
{
    private readonly CompiledBlock[] _blocks;

    // What special registers of a launch hold, one behind the other.
    private readonly byte[] _specials;

    private WarpMemory? _memory;

    // Groups that can run, by key: twice the block's index, and one more where the threads are past the block's synchronization.
    private readonly int[] _keys = new int[Lanes.Count];

    private readonly uint[] _groups = new uint[Lanes.Count];

    private int _count;

    public Warp(BlockRunner runner, int index)
    {
        (Runner, Index) = (runner, index);
        _blocks = runner.Program.Blocks;
        _specials = new byte[runner.Program.Registers.SpecialBytes];
    }

    public BlockRunner Runner { get; }

    /// <summary>Its number in the block.</summary>
    public int Index { get; }

    /// <summary>The registers' lanes; constants lie behind them.</summary>
    public byte* Registers { get; private set; }

    /// <summary>The threads' local memory, one after the other.</summary>
    public byte* Local { get; private set; }

    /// <summary>The .param variables of calls, thread after thread.</summary>
    public byte* CallParameters { get; private set; }

    /// <summary>Room for the addresses of an access.</summary>
    public ulong* Addresses { get; private set; }

    /// <summary>The threads that have not ended.</summary>
    public uint Live { get; private set; }

    /// <summary>The threads that execute the instruction.</summary>
    public uint Active { get; private set; }

    /// <summary>All threads that live are active: a register may be written as a whole.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The step that runs, for a report.</summary>
    public int StepIndex { get; private set; }

    /// <summary>The block that runs, for a report.</summary>
    public int BlockIndex { get; private set; }

    public bool IsDone => Live == 0;

    /// <summary>A launch begins.</summary>
    public void Begin()
    {
        fixed (byte* specials = _specials)
            Runner.Program.Registers.WriteSpecials(this, specials);
    }

    /// <summary>Starts over, at the entry of the kernel.</summary>
    public void Start(uint live)
    {
        Live = live;
        _count = 0;
        StartWaiting();
        if (live != 0)
            Add(0, live);
    }

    /// <summary>Executes until its threads wait for others, or end.</summary>
    public WarpState Run()
    {
        if (_memory is null)
            Enter();
        while (_count > 0 || Unpark())
        {
            Take(out var key, out var threads);
            while (true)
            {
                var block = _blocks[key >> 1];
                BlockIndex = key >> 1;
                if (block.Synchronization != SynchronizationKind.None && (key & 1) == 0)
                {
                    StepIndex = -1;
                    threads = Synchronize(block, threads);
                    if (threads == 0)
                        break;
                }
                Runner.Count(block, threads);
                SetActive(threads);
                var steps = block.Steps;
                for (var i = 0; i < steps.Length; i++)
                {
                    StepIndex = i;
                    steps[i].Run(this);
                }
                StepIndex = steps.Length;
                if (!Finish(block, ref key, ref threads))
                    break;
                var isTurnOver = IsTurnOver();
                if (isTurnOver || Runner.YieldsNow())
                {
                    Add(key, threads);
                    return isTurnOver ? WarpState.Spent : WarpState.Ready;
                }
                if (_count > 0 && _keys[0] <= key)
                {
                    Add(key, threads);
                    break;
                }
            }
        }
        if (Live != 0)
            return WarpState.Waiting;
        Runner.Return(_memory!);
        _memory = null;
        return WarpState.Done;
    }

    /// <summary>Lets other threads execute.</summary>
    public void SetActive(uint threads)
    {
        Active = threads;
        IsFull = threads == Live;
    }

    /// <summary>Reads a predicate, or its opposite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Predicate(PredicateSlot slot) => *(uint*)(Registers + slot.Offset) ^ slot.Flip;

    /// <summary>Writes a predicate's active lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WritePredicate(int offset, uint value)
    {
        var register = (uint*)(Registers + offset);
        *register = (*register & ~Active) | (value & Active);
    }

    /// <summary>Puts a group where it can run; threads at the same place join it.</summary>
    public void Add(int key, uint threads)
    {
        var place = 0;
        while (place < _count && _keys[place] < key)
            place++;
        if (place < _count && _keys[place] == key)
        {
            _groups[place] |= threads;
            return;
        }
        for (var i = _count; i > place; i--)
        {
            _keys[i] = _keys[i - 1];
            _groups[i] = _groups[i - 1];
        }
        _keys[place] = key;
        _groups[place] = threads;
        _count++;
    }

    /// <summary>Takes memory when it first runs: warps that wait for no other use the same, one after the other, which stays in the cache.</summary>
    private void Enter()
    {
        _memory = Runner.Rent();
        Registers = _memory.Registers;
        Local = _memory.Local;
        CallParameters = _memory.CallParameters;
        Addresses = _memory.Addresses;
        _masks = _memory.Masks;
        _maskOf8 = _maskOf16 = _maskOf32 = _maskOf64 = 0;
        _memory.Poison();
        Runner.Program.Registers.CopySpecials(Registers, _specials);
        Runner.Program.Registers.WritePosition(this);
    }

    /// <summary>Takes the lowest group; once in a while another, which it may wait for.</summary>
    private void Take(out int key, out uint threads)
    {
        var place = _turns >= FairLimit && _turns % FairLimit < 64 * _count ? _turns % _count : 0;
        (key, threads) = (_keys[place], _groups[place]);
        _count--;
        for (var i = place; i < _count; i++)
        {
            _keys[i] = _keys[i + 1];
            _groups[i] = _groups[i + 1];
        }
    }

    /// <summary>Leaves a block. False where no thread goes on in this group, or it goes on in several.</summary>
    private bool Finish(CompiledBlock block, ref int key, ref uint threads)
    {
        switch (block.End)
        {
            case Ptx.BlockEnd.Fall:
            case Ptx.BlockEnd.Jump:
                key = block.Successors[0] * 2;
                return true;
            case Ptx.BlockEnd.Branch:
                var taken = threads & Predicate(block.Guard);
                if (taken == threads || taken == 0)
                {
                    key = block.Successors[taken == 0 ? 1 : 0] * 2;
                    return true;
                }
                Add(block.Successors[0] * 2, taken);
                Add(block.Successors[1] * 2, threads & ~taken);
                return false;
            case Ptx.BlockEnd.Exit:
                Exit(threads);
                return false;
            case Ptx.BlockEnd.GuardedExit:
                var gone = threads & Predicate(block.Guard);
                if (gone != 0)
                    Exit(gone);
                threads &= ~gone;
                key = block.Successors[0] * 2;
                return threads != 0;
            default:
                Switch(block, threads);
                return false;
        }
    }

    private void Switch(CompiledBlock block, uint threads)
    {
        var index = (uint*)(Registers + block.SwitchIndex);
        for (var rest = threads; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            if (index[lane] >= (uint)block.Successors.Length)
            {
                SetActive(1u << lane);
                throw new StepFault(FaultKind.Undefined, "brx.idx index out of range", lane);
            }
            Add(block.Successors[index[lane]] * 2, 1u << lane);
        }
    }

    private void Exit(uint threads)
    {
        Live &= ~threads;
        Runner.NoteExit(this, BitOperations.PopCount(threads));
    }
}
