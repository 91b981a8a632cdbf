using System.Text;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// What names in pickles of PyTorch stand for: storage classes, and a few functions that are carried out here, for they make tensors and
/// plain data. Everything else is inert.
/// </summary>
internal sealed class TorchObjects
{
    /// <summary>What a call makes; null if its arguments are not plain.</summary>
    private delegate object? Function(object?[] arguments, PickleBudget budget);

    /// <summary>What a tensor or storage takes here, and its place among others.</summary>
    private const int TensorSize = 128, StorageSize = 176;

    private const string FromType = "torch._tensor._rebuild_from_type_v2";

    private static readonly Dictionary<string, Function> _functions = new()
    {
        ["builtins.bytes"] = (arguments, budget) => arguments is [] ? Empty(budget) : null,
        ["builtins.dict"] = (arguments, budget) => Entries(arguments, budget),
        ["builtins.frozenset"] = (arguments, budget) => Items(arguments, budget) is { } items ? new PickleSet(items) : null,
        ["builtins.list"] = Items,
        ["builtins.set"] = (arguments, budget) => Items(arguments, budget) is { } items ? new PickleSet(items) : null,
        ["builtins.tuple"] = (arguments, budget) => Items(arguments, budget)?.ToArray(),
        ["_codecs.encode"] = Encoded,
        ["collections.Counter"] = (arguments, budget) => Entries(arguments, budget),
        ["collections.OrderedDict"] = (arguments, budget) => Entries(arguments, budget),
        ["collections.defaultdict"] = (arguments, budget) => arguments is [_, .. var entries] ? Entries(entries, budget) : Entries([], budget),
        ["numpy.core.multiarray.scalar"] = Scalar,
        ["numpy._core.multiarray.scalar"] = Scalar,
        ["torch.Size"] = (arguments, _) => arguments is [object?[] size] ? size : null,
        ["torch._utils._rebuild_tensor"] = (arguments, budget) => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides]
            ? Tensor(storage, offset, shape, strides, budget)
            : null,
        ["torch._utils._rebuild_tensor_v2"] = (arguments, budget) => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, var hooks, .. var more] && IsNothing(hooks) && AreNothing(more)
            ? Tensor(storage, offset, shape, strides, budget)
            : null,
        // A storage of bytes, and the type beside it.
        ["torch._utils._rebuild_tensor_v3"] = (arguments, budget) => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, var hooks, PickleObject { Arguments: null } type, .. var more]
            && TorchElement.Types.TryGetValue(type.Name, out var element) && IsNothing(hooks) && AreNothing(more)
            ? Tensor(new(storage.Key, element, storage.Length / element.Size), offset, shape, strides, budget)
            : null,
        // How the numbers are scaled is left out: nobody computes with them.
        ["torch._utils._rebuild_qtensor"] = (arguments, budget) => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides, object?[], bool, var hooks] && IsNothing(hooks)
            ? Tensor(storage, offset, shape, strides, budget)
            : null,
        ["torch._utils._rebuild_parameter"] = (arguments, _) => arguments is [TorchTensor tensor, bool, var hooks] && IsNothing(hooks) ? tensor : null,
        // The fourth are attributes of the Python object.
        ["torch._utils._rebuild_parameter_with_state"] = (arguments, _) => arguments is [TorchTensor tensor, bool, var hooks, _] && IsNothing(hooks) ? tensor : null,
        [FromType] = (arguments, budget) => arguments is [PickleObject { Arguments: null, Name: var function and not FromType }, PickleObject { Arguments: null, Name: "torch.Tensor" or "torch.nn.parameter.Parameter" or "torch.nn.parameter.Buffer" }, object?[] values, _]
            && _functions!.TryGetValue(function, out var rebuild) ? rebuild(values, budget) as TorchTensor : null,
    };

    /// <summary>Modules that had other names.</summary>
    private static readonly Dictionary<string, string> _modules = new() { ["__builtin__"] = "builtins", ["copy_reg"] = "copyreg", ["torch.tensor"] = "torch._tensor" };

    private readonly Dictionary<string, TorchStorage> _storages = [];

    /// <summary>The storages that were named, by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    /// <summary>What a global name stands for.</summary>
    public static object Global(string module, string name, PickleBudget budget)
    {
        if (module is "torch" or "torch.storage" && TorchElement.Storages.TryGetValue(name, out var element))
            return element;
        budget.Charge(96 + 2 * (module.Length + name.Length));
        return new PickleObject($"{_modules.GetValueOrDefault(module, module)}.{name}");
    }

    /// <summary>What a call, or the making of an object, returns.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static object Call(object? function, object? arguments, PickleBudget budget)
    {
        if (arguments is not object?[] values || function is not (PickleObject or TorchElement))
            throw new InvalidDataException($"A call must be of a function with a tuple. Actual values were {PickleValue.Describe(function)} and {PickleValue.Describe(arguments)}");
        if (function is PickleObject { Arguments: null } known && _functions.TryGetValue(known.Name, out var carryOut) && carryOut(values, budget) is { } result)
            return result;
        budget.Charge(64);
        // Python's own way to make an object says nothing about it, but its first argument does.
        return new PickleObject(function is PickleObject { Name: "copyreg._reconstructor" or "copyreg.__newobj__" } && values is [PickleObject type, ..] ? type.Name : (function as PickleObject)?.Name ?? $"{function}", values);
    }

    /// <summary>The storage that a persistent id names; a class that is not known, if it is one's.</summary>
    /// <exception cref="InvalidDataException">It names none.</exception>
    public object? Persistent(object? id, PickleBudget budget)
    {
        // A class of a module, with its source. Releases before 1.6 wrote modules whole.
        if (id is object?[] and ["module", PickleObject module, ..])
            return module;
        if (id is object?[] and ["storage", PickleObject { Arguments: null } unknown, string, _, long, ..])
            return new PickleObject(unknown.Name, (object?[])id);
        if (id is not object?[] parts || parts is not ["storage", TorchElement element, string key, string, long count, .. var view] || !AreNothing(view))
            throw new InvalidDataException($"A persistent id must be of a storage: its class, key, location and number of elements. Actual value was {PickleValue.Describe(id)}");
        if (count < 0 || count > long.MaxValue / element.Size)
            throw new InvalidDataException($"Storage '{PickleValue.Shorten(key)}' must fit into a file. Actual number of elements was {count}");
        budget.Charge(StorageSize);
        var storage = new TorchStorage(key, element, count);
        if (_storages.TryAdd(key, storage) || _storages[key] is var first && first == storage)
            return _storages[key];
        // Bytes may have a type, too, and what is empty may have any.
        return first.Length == storage.Length && (storage.Length == 0 || first.Element.IsUntyped || element.IsUntyped)
            ? storage
            : throw new InvalidDataException($"Storage '{PickleValue.Shorten(key)}' must have one type and length. It has {first.Count} of {first.Element.Name}, and {count} of {element.Name}");
    }

    private static TorchTensor? Tensor(TorchStorage storage, long offset, object?[] shape, object?[] strides, PickleBudget budget)
    {
        if (storage.Element.IsPacked)
            return null;
        budget.Charge(TensorSize + 8L * (shape.Length + strides.Length));
        return new(storage, offset, Naturals(shape), Naturals(strides));
    }

    private static bool IsNothing(object? value) => value is null or PickleDictionary { Count: 0 };

    private static bool AreNothing(object?[] values) => Array.TrueForAll(values, IsNothing);

    private static long[] Naturals(object?[] values) =>
        Array.ConvertAll(values, value => value is long number ? number : throw new InvalidDataException("Shape and strides of a tensor must be whole numbers"));

    private static PickleBytes Empty(PickleBudget budget)
    {
        budget.Charge(32);
        return new([]);
    }

    private static object? Scalar(object?[] arguments, PickleBudget budget)
    {
        budget.Charge(64);
        return NumpyScalar.Read(arguments);
    }

    /// <summary>A list of the same items, or what it takes to make another collection of them; null if there are none such.</summary>
    private static PickleList? Items(object?[] arguments, PickleBudget budget)
    {
        budget.Charge(96);
        var list = new PickleList();
        switch (arguments)
        {
            case []: break;
            case [object?[] items]: list.Add(items, budget); break;
            case [PickleList items]: list.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items), budget); break;
            case [PickleSet { Items: var items }]: list.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items), budget); break;
            default: return null;
        }
        // Or a tuple of them.
        budget.Charge(32 + 8L * list.Count);
        return list;
    }

    /// <summary>A dictionary of the same entries, if there are such.</summary>
    private static PickleDictionary? Entries(object?[] arguments, PickleBudget budget)
    {
        budget.Charge(PickleDictionary.Size);
        var dictionary = new PickleDictionary();
        switch (arguments)
        {
            case []:
                return dictionary;
            case [PickleDictionary entries]:
                foreach (var (key, value) in entries)
                    dictionary.Add(key, value, budget);
                return dictionary;
            case [PickleList pairs]:
                foreach (var pair in pairs)
                {
                    if ((pair as IReadOnlyList<object?>) is not [var key, var value])
                        return null;
                    dictionary.Add(key, value, budget);
                }
                return dictionary;
            default:
                return null;
        }
    }

    /// <summary>Bytes as protocol 2 writes them: a text whose characters they are.</summary>
    private static PickleBytes? Encoded(object?[] arguments, PickleBudget budget)
    {
        if (arguments is not [string text, "latin1" or "latin-1"] || text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff'))
            return null;
        // Code that the runtime has not optimized yet takes some more on the way.
        budget.Charge(192 + text.Length);
        return new(Encoding.Latin1.GetBytes(text));
    }
}
