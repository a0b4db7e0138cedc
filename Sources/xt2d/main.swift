print("xt2d")
