namespace VirtualCard.Driver.Scheduling;

/// <summary>A function of the host that a stream calls.</summary>
internal sealed unsafe class HostOperation(delegate* unmanaged<void*, void> function, void* argument) : Operation
{
    public override void Execute(Work work)
    {
        // Anybody may call the driver meanwhile, but for the function itself.
        ThreadState.IsInHostFunction = true;
        Monitor.Exit(Machine.Gate);
        try
        {
            function(argument);
        }
        finally
        {
            Monitor.Enter(Machine.Gate);
            ThreadState.IsInHostFunction = false;
        }
    }

    public override bool MayUseHost(ulong start, ulong end) => true;

    public override string ToString() => $"host function 0x{(nint)function:x}";
}
