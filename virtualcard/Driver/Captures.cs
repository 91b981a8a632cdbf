using VirtualCard.Driver.Graphs;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver;

/// <summary>The captures that go on.</summary>
internal sealed class Captures
{
    private readonly List<Capture> _active = [];

    private long _lastId;

    public Capture Begin(CardStream stream, CaptureMode mode)
    {
        Capture capture = new(stream, mode, ++_lastId);
        capture.Join(stream);
        _active.Add(capture);
        return capture;
    }

    public bool Contains(Capture capture) => _active.Contains(capture);

    public void Remove(Capture capture) => _active.Remove(capture);

    /// <summary>What could synchronize is forbidden while a capture goes on, as its mode and the thread's say.</summary>
    /// <exception cref="DriverException">It is; and the capture is spoilt.</exception>
    public void CheckUnsafe()
    {
        if (_active.Count == 0 || ThreadState.CaptureMode == CaptureMode.Relaxed)
            return;
        foreach (var capture in _active)
        {
            var isMine = capture.Thread == Environment.CurrentManagedThreadId && capture.Mode != CaptureMode.Relaxed;
            var isGlobal = capture.Mode == CaptureMode.Global && ThreadState.CaptureMode == CaptureMode.Global;
            if (!isMine && !isGlobal)
                continue;
            capture.Invalidate();
            throw new DriverException(Result.StreamCaptureUnsupported, $"{capture.Origin} captures, {(isMine ? "in this thread" : "and forbids this to all threads")}");
        }
    }

    /// <exception cref="DriverException">Some stream of the context captures.</exception>
    public void CheckNone(CardContext context)
    {
        foreach (var capture in _active)
        {
            if (capture.Origin.Owner != context)
                continue;
            capture.Invalidate();
            throw new DriverException(Result.StreamCaptureUnsupported, $"{capture.Origin} captures");
        }
    }
}
