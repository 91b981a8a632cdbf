namespace VirtualCard.Driver;

/// <summary>Which threads a capture forbids what could synchronize.</summary>
internal enum CaptureMode
{
    Global = 0,
    ThreadLocal = 1,
    Relaxed = 2,
}
