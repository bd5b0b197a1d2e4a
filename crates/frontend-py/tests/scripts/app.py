import parts
