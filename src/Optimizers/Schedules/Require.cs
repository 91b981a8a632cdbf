using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Optimizers.Schedules;

/// <summary>Checks of arguments, for initializers of fields.</summary>
internal static class Require
{
    public static T AtLeast<T>(T least, T value, [CallerArgumentExpression(nameof(value))] string name = "") where T : INumber<T> =>
        value >= least && T.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and at least {least}.");

    public static T Above<T>(T bound, T value, [CallerArgumentExpression(nameof(value))] string name = "") where T : INumber<T> =>
        value > bound && T.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be finite and above {bound}.");

    public static double Within(double least, double most, double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        value >= least && value <= most ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [{least}, {most}].");

    public static T NotNull<T>(T? value, [CallerArgumentExpression(nameof(value))] string name = "") where T : class => value ?? throw new ArgumentNullException(name);
}
