namespace VirtualCard.Driver;

/// <summary>What all entry points do: they take the lock, count, and turn exceptions into results and reports.</summary>
internal static class Entry
{
    /// <summary>A call that needs no initialization.</summary>
    public static Result Anytime(string call, Func<Result> body)
    {
        lock (Machine.Gate)
        {
            try
            {
                Machine.Begin(call);
                if (ThreadState.IsInHostFunction)
                    throw new DriverException(Result.NotPermitted, "called from a host function, which may not call the driver");
                return body();
            }
            catch (Exception exception)
            {
                return Fail(exception);
            }
        }
    }

    /// <summary>A call that needs no context.</summary>
    public static Result Plain(string call, Func<Result> body) =>
        Anytime(call, () => Machine.IsInitialized ? body() : throw new DriverException(Result.NotInitialized, "called before cuInit"));

    /// <summary>A call that needs a current context that is not broken.</summary>
    public static Result InContext(string call, Func<CardContext, Result> body) => Plain(call, () =>
    {
        var context = CurrentContext();
        return context.Error == Result.Success ? body(context) : context.Error;
    });

    /// <summary>A call that destroys, which a broken context permits; its error is returned nevertheless.</summary>
    public static Result Destroying(string call, Func<CardContext, Result> body) => Plain(call, () =>
    {
        var context = CurrentContext();
        var result = body(context);
        return result == Result.Success ? context.Error : result;
    });

    /// <exception cref="DriverException">The thread has none, or one that was destroyed.</exception>
    public static CardContext CurrentContext()
    {
        var context = ThreadState.Current ?? throw new DriverException(Result.InvalidContext, "the thread has no current context");
        return context.IsDestroyed ? throw new DriverException(Result.ContextIsDestroyed, $"the current {context} was destroyed") : context;
    }

    private static Result Fail(Exception exception)
    {
        switch (exception)
        {
            case DriverException error:
                if (error.Finding is { } finding)
                    Machine.Reports.Add($"{finding} [{ResultNames.NameOf(error.Result)}]");
                return error.Result;
            case OutOfMemoryException:
                return Result.OutOfMemory;
            default:
                Machine.Reports.Add($"the virtual driver itself failed: {exception} [{ResultNames.NameOf(Result.Unknown)}]");
                return Result.Unknown;
        }
    }
}
