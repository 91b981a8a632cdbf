namespace VirtualCard.Driver;

/// <summary>All living objects by their handles, and who destroyed those before them.</summary>
internal sealed class Handles
{
    private const int Remembered = 10_000;

    // Bits that no address has: whoever follows a handle crashes.
    private const ulong Mark = 0x5C00_0000_0000_0000;

    private readonly Dictionary<ulong, DriverObject> _living = [];
    private readonly Dictionary<ulong, (string Name, CallId DestroyedBy)> _destroyed = [];
    private readonly Queue<ulong> _order = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private ulong _last;

    public IReadOnlyCollection<DriverObject> Living => _living.Values;

    public void Add(DriverObject item)
    {
        item.Number = _numbers[item.Kind] = _numbers.GetValueOrDefault(item.Kind) + 1;
        item.Handle = Mark | (++_last << 4);
        _living.Add(item.Handle, item);
    }

    public void Remove(DriverObject item)
    {
        _living.Remove(item.Handle);
        _destroyed[item.Handle] = (item.ToString(), Machine.Call);
        _order.Enqueue(item.Handle);
        if (_order.Count > Remembered)
            _destroyed.Remove(_order.Dequeue());
    }

    /// <exception cref="DriverException">It is none, of another kind, or destroyed.</exception>
    public T Get<T>(ulong handle, string kind, Result otherwise = Result.InvalidHandle)
        where T : DriverObject
    {
        if (_living.TryGetValue(handle, out var found))
        {
            return found as T ?? throw new DriverException(otherwise, $"{found} is no {kind}");
        }
        throw new DriverException(otherwise, handle == 0 ? $"the {kind} is null"
            : _destroyed.TryGetValue(handle, out var old) ? $"{old.Name} was destroyed by {old.DestroyedBy}"
            : $"0x{handle:x} is no {kind}");
    }
}
