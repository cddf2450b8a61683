"""How Fangzha is packed and run: the local stack, the simulator, the sandbox bank and the demo."""
