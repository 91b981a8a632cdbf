namespace VirtualCard.Driver;

/// <summary>What each thread has for itself.</summary>
internal static class ThreadState
{
    [ThreadStatic]
    private static Stack<CardContext>? _contexts;

    [ThreadStatic]
    private static CaptureMode _captureMode;

    [ThreadStatic]
    private static bool _isInHostFunction;

    /// <summary>The stack of contexts; that on top is the current one.</summary>
    public static Stack<CardContext> Contexts => _contexts ??= [];

    /// <summary>The current context, alive or not.</summary>
    public static CardContext? Current => _contexts is { Count: > 0 } contexts ? contexts.Peek() : null;

    public static CaptureMode CaptureMode
    {
        get => _captureMode;
        set => _captureMode = value;
    }

    /// <summary>Whether the thread runs a host function, which may not call the driver.</summary>
    public static bool IsInHostFunction
    {
        get => _isInHostFunction;
        set => _isInHostFunction = value;
    }
}
