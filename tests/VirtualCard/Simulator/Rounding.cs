namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>The roundings of PTX.</summary>
internal enum Rounding
{
    Nearest,
    TowardZero,
    Down,
    Up,
}
