namespace GpuOptim.Samples.Mnist;

/// <summary>How the network is trained, whatever the optimizer.</summary>
/// <param name="Epochs">How often every digit is seen.</param>
/// <param name="Batch">Digits a step.</param>
/// <param name="Hidden">Width of the hidden layer.</param>
/// <param name="Seed">Of initial weights and order.</param>
internal sealed record Settings(int Epochs, int Batch, int Hidden, int Seed);
