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
            throw new NotSupportedException($"Fields of rules must be float, int or Flag. {typeof(TRule).Name}.{_foreign.Name} is {_foreign.FieldType.Name}, which a GPU lays out in another way.");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2090", Justification = "A struct that is copied whole keeps its fields.")]
    private static FieldInfo? Find() => typeof(TRule)
        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .FirstOrDefault(field => field.FieldType != typeof(float) && field.FieldType != typeof(int) && field.FieldType != typeof(Flag));
}
