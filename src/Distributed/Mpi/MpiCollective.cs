namespace GpuOptim.Distributed.Mpi;

/// <summary>What a caller waits for: the operation, and that what it brought to the host's memory is on the device.</summary>
/// <param name="communicator">Whose it is.</param>
/// <param name="operation">The operation.</param>
/// <param name="stageStart">Where in the staging block the result begins.</param>
/// <param name="destination">Where on the device it goes.</param>
/// <param name="length">How many bytes it has; 0 if there is nothing to bring.</param>
internal sealed class MpiCollective(MpiCommunicator communicator, MpiOperation operation, long stageStart, nint destination, long length) : Collective
{
    private readonly Lock _gate = new();

    public MpiOperation Operation => operation;

    public override void Wait()
    {
        operation.Wait(communicator.Timeout);
        lock (_gate)
        {
            if (operation.Stage is not { } stage)
                return;
            HostCopies.ToDevice(communicator.Device, stage.Address + (nint)stageStart, destination, length);
            communicator.GiveBack(this);
        }
    }
}
