namespace VirtualCard.Driver;

/// <summary>What a program has a handle of.</summary>
internal abstract class DriverObject
{
    protected DriverObject(CardContext? context)
    {
        Context = context;
        CreatedBy = Machine.Call;
        Machine.Handles.Add(this);
        context?.Children.Add(this);
    }

    /// <summary>The context that it belongs to; null for contexts and graphs.</summary>
    public CardContext? Context { get; }

    public CallId CreatedBy { get; }

    public bool IsDestroyed { get; private set; }

    /// <summary>No address, and never used again.</summary>
    public ulong Handle { get; set; }

    /// <summary>Counts the objects of its kind.</summary>
    public int Number { get; set; }

    /// <summary>stream, event and such.</summary>
    public abstract string Kind { get; }

    public void Destroy()
    {
        if (IsDestroyed)
            return;
        IsDestroyed = true;
        Machine.Handles.Remove(this);
        Context?.Children.Remove(this);
        OnDestroy();
    }

    public override string ToString() => $"{Kind} {Number}";

    protected virtual void OnDestroy()
    {
    }
}
