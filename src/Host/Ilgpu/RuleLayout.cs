using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Whether a rule lies in memory on a GPU as it does here: it is sent as it lies.</summary>
internal static class RuleLayout<TRule> where TRule : unmanaged, IUpdateRule
{
    private static readonly FieldInfo? _foreign = Find();

    /// <summary>Refuses a rule with a field that is longer there than here.</summary>
    /// <exception cref="NotSupportedException">There is one; the message names it.</exception>
    public static void ThrowIfForeign()
    {
        if (_foreign is not null)
            throw new NotSupportedException($"Fields of rules must be float, int or Flag. {_foreign.DeclaringType!.Name}.{_foreign.Name} is {_foreign.FieldType.Name}, which a GPU lays out in another way.");
    }

    private static FieldInfo? Find() => Find(typeof(TRule));

    /// <summary>The first such field; a struct within a rule is looked through.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A struct that is copied whole keeps its fields.")]
    private static FieldInfo? Find(Type rule)
    {
        foreach (var field in rule.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (field.FieldType == typeof(float) || field.FieldType == typeof(int) || field.FieldType == typeof(Flag))
                continue;
            if (field.FieldType.IsPrimitive || !field.FieldType.IsValueType)
                return field;
            if (Find(field.FieldType) is { } inner)
                return inner;
        }
        return null;
    }
}
