namespace GpuOptim.Distributed.Mpi;

/// <summary>What the thread that calls MPI is asked to do.</summary>
internal abstract class MpiWork
{
    /// <summary>Does it; called once, on that thread.</summary>
    public abstract void Execute();

    /// <summary>It will not be done, or what it began will not end.</summary>
    public abstract void Fail(CommunicationException failure);
}
