namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The <c>state_dict()</c> of PyTorch's <c>GradScaler</c>.</summary>
internal static class TorchScaler
{
    private const string Scale = "scale", GrowthFactor = "growth_factor", BackoffFactor = "backoff_factor", GrowthInterval = "growth_interval", GrowthTracker = "_growth_tracker";

    public static PickleDictionary Write(GradientScalerState state) => new()
    {
        [Scale] = state.Scale,
        [GrowthFactor] = state.GrowthFactor,
        [BackoffFactor] = state.BackoffFactor,
        [GrowthInterval] = (long)state.GrowthInterval,
        [GrowthTracker] = (long)state.GrowthTracker,
    };

    /// <summary>The state that PyTorch saved; null of a scaler that was switched off.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static GradientScalerState? Read(TorchFile file, PickleDictionary saved)
    {
        if (saved.Count == 0)
            return null;
        double Number(string name) => file.Number(saved.GetValueOrDefault(name)) ?? throw new InvalidDataException($"'{name}' of the gradient scaler must be a number. Actual value was {PickleValue.Describe(saved.GetValueOrDefault(name))}");
        int Count(string name)
        {
            var number = Number(name);
            return number is >= 0 and <= int.MaxValue && number == Math.Floor(number)
                ? (int)number
                : throw new InvalidDataException($"'{name}' of the gradient scaler must be a whole number, at least 0. Actual value was {number}");
        }
        var state = new GradientScalerState(Number(Scale), Number(GrowthFactor), Number(BackoffFactor), Count(GrowthInterval), Count(GrowthTracker));
        GradientScaler.Validate(state);
        return state;
    }
}
