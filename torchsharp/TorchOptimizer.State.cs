using GpuOptim.Optimizers;

namespace GpuOptim.TorchSharp;

/// <content>TorchSharp's state dictionaries, which it saves in a format of its own.</content>
public abstract partial class TorchOptimizer
{
    /// <summary>A copy of the optimizer's state.</summary>
    public override StateDictionary state_dict()
    {
        ThrowIfGone();
        SynchronizeRates();
        var state = Inner.StateDictionary();
        var transfer = new StateTransfer(this);
        foreach (var binding in _bindings)
            _state[binding.Tensor.Handle] = new TorchParameterState(transfer, binding.Tensor, binding.Name, state.Parameters.GetValueOrDefault(binding.Name));
        var dictionary = base.state_dict();
        for (var i = 0; i < _groups.Count; i++)
            dictionary.Options[i] = new TorchGroupState(transfer, state.Groups[IndexOf(_groups[i])], _groups[i].InitialLearningRate);
        transfer.Dictionary = dictionary;
        // Whoever asked has it; it is as large as the optimizer's own.
        _state = new();
        return dictionary;
    }

    /// <summary>Takes over a state. Everything is checked before anything is changed.</summary>
    /// <param name="state_dict">What <see cref="state_dict"/> of an optimizer of the same kind, with the same parameters in the same groups, returned.</param>
    /// <exception cref="ArgumentException">The state does not fit; the message names what does not. Nothing was changed.</exception>
    public override void load_state_dict(StateDictionary state_dict)
    {
        ArgumentNullException.ThrowIfNull(state_dict);
        TorchGroupState[] groups = [.. state_dict.Options.OfType<TorchGroupState>()];
        TorchParameterState[] parameters = [.. state_dict.State.OfType<TorchParameterState>()];
        if (groups.Length != state_dict.Options.Count || parameters.Length != state_dict.State.Count)
            throw new ArgumentException("state_dict must be that of a TorchOptimizer. Actual state was another optimizer's.", nameof(state_dict));
        if (groups.Length != _groups.Count)
            throw new ArgumentException($"state_dict must have {_groups.Count} parameter groups, as the optimizer has. Actual number was {groups.Length}.", nameof(state_dict));
        var states = new GroupState[groups.Length];
        for (var i = 0; i < groups.Length; i++)
            states[IndexOf(_groups[i])] = groups[i].State;
        // What was written to the rates before must not come after what is loaded.
        SynchronizeRates();
        Inner.Load(new(states, parameters.Where(parameter => parameter.State is not null).ToDictionary(parameter => parameter.Name, parameter => parameter.State!)));
        for (var i = 0; i < groups.Length; i++)
            _groups[i].InitialLearningRate = groups[i].InitialLearningRate;
    }

    /// <summary>Where the optimizer at work has a group: a model's has them by algorithm.</summary>
    private int IndexOf(TorchParameterGroup group)
    {
        var index = 0;
        while (Inner.Groups[index] != group.Inner)
            index++;
        return index;
    }
}
