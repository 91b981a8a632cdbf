namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Where something lies among what a step sends.</summary>
/// <param name="Offset">Bytes from the start of its part.</param>
/// <param name="Count">How many there are.</param>
/// <param name="IsColumn">Whether it is in the part of what a step that repeats the one before need not send.</param>
internal readonly record struct StepPlace(int Offset, int Count, bool IsColumn);
