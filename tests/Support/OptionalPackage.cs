using System.Reflection;

namespace GpuOptim.Tests.Support;

/// <summary>What the build was told of the packages that it can do without.</summary>
internal static class OptionalPackage
{
    /// <summary>Whether the build was given <c>-p:Switch=require</c>: then nothing of the package may be skipped.</summary>
    public static bool IsRequired(string name) => typeof(OptionalPackage).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == name)
        .Value == "require";
}
