namespace GpuOptim.Distributed;

/// <summary>Ranks could not do together what they were asked: one is gone, late, or wants something else.</summary>
public sealed class CommunicationException : Exception
{
    /// <summary>Something went wrong.</summary>
    public CommunicationException()
    {
    }

    /// <summary>Something went wrong.</summary>
    /// <param name="message">What, on which rank, and what to do.</param>
    public CommunicationException(string message)
        : base(message)
    {
    }

    /// <summary>Something went wrong.</summary>
    /// <param name="message">What, on which rank, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public CommunicationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
