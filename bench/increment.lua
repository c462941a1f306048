-- One hot counter. The request is built once, so the client costs as little as it can.
wrk.method = "POST"
