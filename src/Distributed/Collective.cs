namespace GpuOptim.Distributed;

/// <summary>A collective operation that was begun.</summary>
public abstract class Collective
{
    /// <summary>One that is done already: for communicators that do at once what they are asked.</summary>
    public static Collective Completed { get; } = new Done();

    /// <summary>
    /// Has whatever is given to the device after this see the result. Where the operation runs in a stream of the device's, the host does not wait. May be
    /// called more than once.
    /// </summary>
    /// <exception cref="CommunicationException">The operation failed, or did not end within the communicator's time limit.</exception>
    public abstract void Wait();

    private sealed class Done : Collective
    {
        public override void Wait()
        {
        }
    }
}
