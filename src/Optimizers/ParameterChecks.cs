using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>What every optimizer asks of its parameters.</summary>
internal static class ParameterChecks
{
    /// <summary>The device of the first of some parameters.</summary>
    /// <exception cref="ArgumentException">There is none, or one is null.</exception>
    public static Device DeviceOf(Parameter[] parameters)
    {
        if (parameters.Length == 0)
            throw new ArgumentException("parameters must hold at least one parameter. Actual number was 0.", nameof(parameters));
        if (Array.IndexOf(parameters, null) is var missing and >= 0)
            throw new ArgumentException($"parameters must not hold null. Actual value at index {missing} was null.", nameof(parameters));
        return parameters[0].Device;
    }

    /// <summary>Refuses parameters on another device, disposed of, or that share identity, name or memory with each other or those present.</summary>
    public static void ThrowIfUnfit(IEnumerable<Parameter> present, Parameter[] parameters, Device device)
    {
        var all = present.ToHashSet();
        var names = all.Select(parameter => parameter.Name).ToHashSet();
        foreach (var parameter in parameters)
        {
            if (parameter.Device != device)
                throw new ArgumentException($"Parameter '{parameter.Name}' must lie on the optimizer's device, '{device.Name}'. Actual device was '{parameter.Device.Name}'.", nameof(parameters));
            ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
            if (!all.Add(parameter))
                throw new ArgumentException($"Parameter '{parameter.Name}' must be given once. It is in the optimizer already.", nameof(parameters));
            if (!names.Add(parameter.Name))
                throw new ArgumentException($"Parameter names must be unique. Another parameter of the optimizer is called '{parameter.Name}', too.", nameof(parameters));
        }
        ThrowIfOverlapping(all);
    }

    /// <summary>Refuses parameters that share memory.</summary>
    public static void ThrowIfOverlapping(IEnumerable<Parameter> parameters)
    {
        var byAddress = parameters.Where(parameter => parameter.Length > 0 && !parameter.TakesTurns).OrderBy(parameter => parameter.Data.Address).ToArray();
        for (var i = 1; i < byAddress.Length; i++)
        {
            var before = byAddress[i - 1].Data;
            if (before.Address + (nint)before.SizeInBytes > byAddress[i].Data.Address)
                throw new ArgumentException($"Parameters must not share memory. '{byAddress[i - 1].Name}' and '{byAddress[i].Name}' do.", nameof(parameters));
        }
    }
}
