using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>
/// What changes from step to step, for all tables of a step, in one block that is sent at once: first what each step brings anew, the rules' constants
/// above all; then columns, where gradients are and which tensor follows which rule, which stay while steps repeat the one before.
/// </summary>
internal sealed class StepBlock(IlgpuQueue queue) : IDisposable
{
    private readonly List<(object Owner, StepPlace Place)> _columns = [];
    private byte[] _bytes = [];
    private int _constantsCapacity;
    private int _constantsLength;
    private int _columnsLength;
    private int _columnCount;
    private bool _hasNewColumns;
    private bool _areColumnsSent;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _memory;

    /// <summary>Changes when what was placed lies elsewhere than before.</summary>
    public int Version { get; private set; }

    /// <summary>What is sent.</summary>
    public ReadOnlySpan<byte> Sent => _bytes.AsSpan(0, _hasNewColumns || !_areColumnsSent ? _constantsCapacity + _columnsLength : _constantsLength);

    /// <summary>Forgets what the last step brought, but for the columns.</summary>
    public void Begin() => (_constantsLength, _columnsLength, _columnCount, _hasNewColumns) = (0, 0, 0, false);

    /// <summary>Has all be sent next time: the device changed it, or may not have got it.</summary>
    public void Spoil() => _areColumnsSent = false;

    /// <summary>Remembers that all that there is was sent.</summary>
    public void CountSent() => _areColumnsSent = true;

    /// <summary>Puts what is of this step.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="capacity">How many to leave room for.</param>
    public StepPlace Put<T>(ReadOnlySpan<T> values, int capacity) where T : unmanaged
    {
        // A view of ILGPU's begins at a whole number of its elements.
        var size = Unsafe.SizeOf<T>();
        var start = (_constantsLength + size - 1) / size * size;
        _constantsLength = start + capacity * size;
        if (_constantsLength > _constantsCapacity)
            MoveColumns((_constantsLength + sizeof(long) - 1) / sizeof(long) * sizeof(long));
        MemoryMarshal.AsBytes(values).CopyTo(_bytes.AsSpan(start));
        return new(start, capacity, IsColumn: false);
    }

    /// <summary>Places a column.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="count">How many numbers it has.</param>
    /// <param name="isRepeated">Whether they are those that it had in the step before.</param>
    /// <param name="column">Where to write them, before anything else is placed; empty if they are there.</param>
    public StepPlace PutColumn<T>(object owner, int count, bool isRepeated, out Span<T> column) where T : unmanaged
    {
        var place = new StepPlace(_columnsLength, count, IsColumn: true);
        _columnsLength = (_columnsLength + count * Unsafe.SizeOf<T>() + sizeof(long) - 1) / sizeof(long) * sizeof(long);
        if (_constantsCapacity + _columnsLength > _bytes.Length)
            Array.Resize(ref _bytes, 2 * (_constantsCapacity + _columnsLength));
        var isThere = _columnCount < _columns.Count && _columns[_columnCount] == (owner, place);
        if (!isThere)
        {
            if (_columnCount < _columns.Count)
                _columns.RemoveRange(_columnCount, _columns.Count - _columnCount);
            _columns.Add((owner, place));
        }
        _columnCount++;
        column = isThere && isRepeated ? [] : HostView<T>(place);
        _hasNewColumns |= column.Length > 0;
        return place;
    }

    /// <summary>What was placed, as it was sent.</summary>
    public Span<T> HostView<T>(StepPlace place) where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes.AsSpan(Start(place), place.Count * Unsafe.SizeOf<T>()));

    /// <summary>What was placed, in the accelerator's memory.</summary>
    public ArrayView<T> View<T>(StepPlace place) where T : unmanaged => _memory!.View.BaseView.SubView(Start(place), (long)place.Count * Unsafe.SizeOf<T>()).Cast<T>();

    /// <summary>Where it is there.</summary>
    public nint AddressOf(StepPlace place) => _memory!.NativePtr + Start(place);

    /// <summary>All of the accelerator's memory.</summary>
    public ArrayView<byte> Memory => _memory!.View;

    /// <summary>How far what was placed is from the start of that memory.</summary>
    public int Start(StepPlace place) => place.Offset + (place.IsColumn ? _constantsCapacity : 0);

    /// <summary>Makes sure that the accelerator has memory for all.</summary>
    public void Allocate()
    {
        var length = _constantsCapacity + _columnsLength;
        if (_memory is not null && _memory.Length >= length)
            return;
        _memory?.Dispose();
        _memory = queue.Allocate(Math.Max(256, 2L * length));
        _areColumnsSent = false;
        Version++;
    }

    public void Dispose() => _memory?.Dispose();

    /// <summary>Makes room for more constants.</summary>
    private void MoveColumns(int capacity)
    {
        // Also those columns move that have not been placed in this step yet: they may stay as they are.
        var bytes = new byte[_bytes.Length - _constantsCapacity + 2 * capacity];
        _bytes.AsSpan(0, _constantsCapacity).CopyTo(bytes);
        _bytes.AsSpan(_constantsCapacity).CopyTo(bytes.AsSpan(capacity));
        (_bytes, _constantsCapacity) = (bytes, capacity);
        _areColumnsSent = false;
        Version++;
    }
}
