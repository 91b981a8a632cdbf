using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers.Schedules;

/// <summary>
/// A constant of a schedule. Its one declaration has the name, which is PyTorch's, and the range; with it, the value is checked when the schedule
/// is made, travels with the state, and is compared with that of a state, or taken from it.
/// </summary>
/// <param name="name">Its name in states.</param>
internal abstract class Constant(string name)
{
    /// <summary>Its name in states.</summary>
    public string Name { get; } = name;

    /// <summary>Its value as states have it: a number, a list of numbers, a flag or a text.</summary>
    public abstract object Saved { get; }

    /// <summary>Whether it is a whole number, or a list of some.</summary>
    public abstract bool IsWhole { get; }

    /// <summary>Refuses a value out of its range.</summary>
    /// <exception cref="ArgumentException">It is.</exception>
    public abstract void Check(object saved);

    /// <summary>Takes over a value.</summary>
    public abstract void Take(object saved);

    /// <summary>A number of at least so much.</summary>
    public static Constant<T> AtLeast<T>(string name, T least, T value, [CallerArgumentExpression(nameof(value))] string argument = "") where T : INumber<T> =>
        Number(name, value, argument, (number, what) => Require.AtLeast(least, number, what));

    /// <summary>A number above another.</summary>
    public static Constant<double> Above(string name, double bound, double value, [CallerArgumentExpression(nameof(value))] string argument = "") =>
        Number(name, value, argument, (number, what) => Require.Above(bound, number, what));

    /// <summary>A number in a range.</summary>
    public static Constant<double> Within(string name, double least, double most, double value, [CallerArgumentExpression(nameof(value))] string argument = "") =>
        Number(name, value, argument, (number, what) => Require.Within(least, most, number, what));

    /// <summary>True or false.</summary>
    public static Constant<bool> Flag(string name, bool value) =>
        new(name, value, flag => flag, saved => saved as bool? ?? throw Unfit(name, "true or false", saved));

    /// <summary>One of several values, each of which has a text.</summary>
    public static Constant<T> Choice<T>(string name, T value, (string Text, T Value)[] choices, [CallerArgumentExpression(nameof(value))] string argument = "") where T : struct
    {
        if (!choices.Any(choice => choice.Value.Equals(value)))
            throw new ArgumentOutOfRangeException(argument, value, $"{argument} must be one of {string.Join(", ", choices.Select(choice => choice.Value))}.");
        return new(
            name,
            value,
            chosen => choices.Single(choice => choice.Value.Equals(chosen)).Text,
            saved => Array.FindIndex(choices, choice => choice.Text.Equals(saved)) is var i and >= 0 ? choices[i].Value : throw Unfit(name, $"one of {string.Join(", ", choices.Select(choice => $"'{choice.Text}'"))}", saved));
    }

    /// <summary>Whole numbers.</summary>
    /// <param name="name">The name.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="check">Refuses what may not be.</param>
    public static Constant<int[]> Integers(string name, int[] values, Action<int[]> check)
    {
        check(values);
        return new(name, values, numbers => Array.ConvertAll(numbers, number => (double)number), saved =>
        {
            var numbers = saved as double[] ?? throw Unfit(name, "a list of whole numbers", saved);
            var taken = Array.ConvertAll(numbers, number => Convert<int>(name, number));
            check(taken);
            return taken;
        });
    }

    /// <summary>One of a schedule of one's own, which can be compared, but not taken over.</summary>
    public static Constant<object> Fixed(string name, object value) =>
        new(name, value, own => own, saved => AreSame(saved, value) ? value : throw new ArgumentException($"Constant '{name}' of a schedule of one's own cannot be taken from a state: make the schedule with {Text(saved)}. Actual value was {Text(value)}."));

    /// <summary>Constants as a state has them.</summary>
    public static HyperParameters Save(IReadOnlyList<Constant> constants)
    {
        var saved = new HyperParameters();
        foreach (var constant in constants)
            saved.AddAny(constant.Name, constant.Saved);
        return saved;
    }

    /// <summary>Refuses those of a state that may not be, or are not the schedule's where they must be.</summary>
    /// <param name="constants">The schedule's.</param>
    /// <param name="saved">The state's.</param>
    /// <param name="choice">Which ones hold.</param>
    /// <param name="owner">Names the schedule.</param>
    /// <exception cref="ArgumentException">The message names the constant, and both values.</exception>
    public static void ThrowIfForeign(IReadOnlyList<Constant> constants, HyperParameters? saved, ScheduleConstants choice, string owner)
    {
        if (choice == ScheduleConstants.Own)
            return;
        foreach (var (name, value) in saved?.Values ?? new Dictionary<string, object>())
        {
            var constant = constants.FirstOrDefault(constant => constant.Name == name)
                ?? throw new ArgumentException($"Constants of state must be those of {owner}: {string.Join(", ", constants.Select(constant => constant.Name))}. Actual name was '{name}'.");
            if (choice == ScheduleConstants.FromState)
                constant.Check(value);
            else if (!AreSame(value, constant.Saved))
                throw new ArgumentException($"Constant '{name}' of {owner} must be {Text(constant.Saved)} in the state, too, unless {nameof(ScheduleConstants)} says which one holds. Actual value was {Text(value)}.");
        }
    }

    /// <summary>Takes over those of a state, if they hold.</summary>
    public static void TakeAll(IReadOnlyList<Constant> constants, HyperParameters? saved, ScheduleConstants choice)
    {
        if (choice != ScheduleConstants.FromState || saved is null)
            return;
        foreach (var constant in constants)
        {
            if (saved.Values.TryGetValue(constant.Name, out var value))
                constant.Take(value);
        }
    }

    /// <summary>A value as messages have it.</summary>
    private static string Text(object saved) => saved switch
    {
        bool flag => flag ? "true" : "false",
        string text => $"'{text}'",
        double[] numbers => $"[{string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)))}]",
        _ => ((double)saved).ToString(CultureInfo.InvariantCulture),
    };

    private static bool AreSame(object a, object b) => a is double[] some && b is double[] others ? some.SequenceEqual(others) : a.Equals(b);

    private static Constant<T> Number<T>(string name, T value, string argument, Func<T, string, T> require) where T : INumber<T> =>
        new(name, require(value, argument), number => double.CreateChecked(number), saved => require(Convert<T>(name, saved), name));

    private static T Convert<T>(string name, object saved) where T : INumber<T>
    {
        if (saved is not double number)
            throw Unfit(name, "a number", saved);
        return typeof(T) == typeof(double) || (number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue)
            ? T.CreateChecked(number)
            : throw Unfit(name, "whole, within the range of Int32", saved);
    }

    private static ArgumentException Unfit(string name, string what, object saved) => new($"Constant '{name}' of state must be {what}. Actual value was {Text(saved)}.");
}

/// <summary>A constant of a schedule, of a type.</summary>
/// <typeparam name="T">The type.</typeparam>
/// <param name="name">Its name in states.</param>
/// <param name="value">Its value.</param>
/// <param name="save">Its value as states have it.</param>
/// <param name="load">Its value from that of a state, checked.</param>
internal sealed class Constant<T>(string name, T value, Func<T, object> save, Func<object, T> load) : Constant(name)
{
    /// <summary>Its value.</summary>
    public T Value { get; private set; } = value;

    public override object Saved => save(Value);

    public override bool IsWhole => typeof(T) == typeof(int) || typeof(T) == typeof(int[]);

    public override void Check(object saved) => load(saved);

    public override void Take(object saved) => Value = load(saved);

    /// <summary>What it will be once a state is taken over.</summary>
    public T After(ScheduleState state, ScheduleConstants choice) =>
        choice == ScheduleConstants.FromState && state.Constants is { } constants && constants.Values.TryGetValue(Name, out var saved) ? load(saved) : Value;

    public static implicit operator T(Constant<T> constant) => constant.Value;
}
